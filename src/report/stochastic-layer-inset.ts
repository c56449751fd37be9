/** @file One stochastic layer in detail (paper §2), the inset of an architecture diagram. */
import type { Arrow, Box, Diagram, Kind, Label } from "./diagram-shapes.js";

/** Centres of the columns: posterior, latent, prior, and the trunk that carries the hidden state. */
const POSTERIOR = 116;
const PRIOR = 276;
const LATENT = (POSTERIOR + PRIOR) / 2;
const TRUNK = 404;

/** Centres of the rows, from the top: state after, shared block, sum, latent, blocks, where the state branches, state before. */
const AFTER = 32;
const SHARED = 88;
const SUM = 152;
const DRAWN = 224;
const BLOCKS = 304;
const BRANCH = 352;
const BEFORE = 386;

const WIDTH = 478;
const HEIGHT = 416;
const BLOCK = { width: 116, height: 42 };
const NODE = 24;
const TAG = 20;

/**
 * From the hidden state h at the bottom to the next one at the top: prior and posterior block, the latent drawn from one of
 * them, its projection, and the shared block.
 *
 * @param conditional - whether to show where labels come in
 */
export function layOutStochasticLayer(conditional: boolean): Diagram {
  const box = (kind: Kind, lines: string[], x: number, y: number, { width, height }: typeof BLOCK): Box => {
    return { kind, lines, x: x - width / 2, y: y - height / 2, width, height, round: width === height };
  };
  const node = (kind: Kind, text: string, x: number, y: number, size = NODE) =>
    box(kind, [text], x, y, { width: size, height: size });
  const left = (x: number) => x - BLOCK.width / 2;
  const right = (x: number) => x + BLOCK.width / 2;
  const [top, bottom] = [BLOCKS - BLOCK.height / 2, BLOCKS + BLOCK.height / 2];
  const activations = conditional ? BLOCKS - 13 : BLOCKS;
  const tags: [text: string, kind: Kind, block: number, x: number, y: number][] = [
    ["a", "encoder", left(POSTERIOR), 30, activations],
  ];
  if (conditional) {
    tags.push(["y", "image", left(POSTERIOR), 30, BLOCKS + 13]);
    tags.push(["y*", "image", left(PRIOR), left(PRIOR) - 26, BLOCKS]);
    tags.push(["y*", "image", left(TRUNK), left(TRUNK) - 26, SHARED]);
  }
  const projection = { width: 120, height: 27 };
  const boxes = [
    node("generator", "h′", TRUNK, AFTER),
    box("generator", ["shared block", "residual"], TRUNK, SHARED, BLOCK),
    node("generator", "+", TRUNK, SUM),
    box("latent", ["convolution 1×1"], LATENT, SUM, projection),
    node("latent", "z", LATENT, DRAWN, 32),
    box("encoder", ["posterior block", "h, a → q"], POSTERIOR, BLOCKS, BLOCK),
    box("generator", ["prior block", "h → p, residual"], PRIOR, BLOCKS, BLOCK),
    node("generator", "+", TRUNK, BLOCKS),
    node("generator", "h", TRUNK, BEFORE),
    ...tags.map(([text, kind, , x, y]) => node(kind, text, x, y, TAG)),
  ];
  const arrow = (kind: Kind, ...points: Arrow["points"]): Arrow => ({ kind, points });
  const half = NODE / 2;
  const arrows = [
    arrow("generator", [TRUNK, BEFORE - half], [TRUNK, BLOCKS + half]),
    arrow("generator", [PRIOR, BRANCH], [PRIOR, bottom]),
    arrow("generator", [TRUNK, BRANCH], [POSTERIOR, BRANCH], [POSTERIOR, bottom]),
    arrow("generator", [right(PRIOR), BLOCKS], [TRUNK - half, BLOCKS]),
    arrow("generator", [TRUNK, BLOCKS - half], [TRUNK, SUM + half]),
    arrow("generator", [TRUNK, SUM - half], [TRUNK, SHARED + BLOCK.height / 2]),
    arrow("generator", [TRUNK, SHARED - BLOCK.height / 2], [TRUNK, AFTER + half]),
    arrow("encoder", [POSTERIOR, top], [POSTERIOR, DRAWN], [LATENT - 16, DRAWN]),
    arrow("generator", [PRIOR, top], [PRIOR, DRAWN], [LATENT + 16, DRAWN]),
    arrow("latent", [LATENT, DRAWN - 16], [LATENT, SUM + projection.height / 2]),
    arrow("latent", [LATENT + projection.width / 2, SUM], [TRUNK - half, SUM]),
    ...tags.map(([, kind, block, x, y]) => arrow(kind, [x + TAG / 2, y], [block, y])),
  ];
  const label = (text: string, x: number, y: number, anchor: Label["anchor"]): Label => {
    return { text, x, y, anchor, size: 10.5, muted: true };
  };
  const labels = [
    label("posterior q", LATENT - 22, DRAWN - 7, "end"),
    label("prior p", LATENT + 22, DRAWN - 7, "start"),
    label("residual", (right(PRIOR) + TRUNK - half) / 2 - 2, BLOCKS - 6, "middle"),
  ];
  return {
    width: WIDTH,
    height: HEIGHT,
    panels: [{ x: 0, y: 0, width: WIDTH, height: HEIGHT }],
    boxes,
    arrows,
    labels,
  };
}
