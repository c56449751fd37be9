/** @file The architecture of any configuration as a picture: the paper's Figure 6. */
import type { Config } from "../config/index.js";
import { countParameters, groups, modelParameters } from "../model/index.js";
import { formatShort } from "../number-format.js";
import { outputChannels } from "../objective/output-layers.js";
import { layOutArchitecture } from "./architecture-layout.js";
import {
  type Arrow,
  type Box,
  type Diagram,
  drawDiagram,
  type Kind,
  type Label,
  moved,
  widthOf,
} from "./diagram-shapes.js";

const MARGIN = 20;
/** Between the columns and the inset. */
const GUTTER = 32;
/** Room of title and subtitle. */
const TITLE = 62;
const NOTE_SIZE = 11;
const NOTE_LINE = 16;
const NOTE_GAP = 7;

const LEGEND: [Kind, string][] = [
  ["encoder", "encoder, posterior"],
  ["generator", "generator, prior"],
  ["latent", "latents"],
  ["attention", "attention"],
  ["resampling", "resampling, channels"],
  ["image", "images, labels, start"],
];

/**
 * The architecture as one complete `<svg>` element: encoder and generator level by level, what the generator starts from, the
 * output, and one stochastic layer in detail. Equal layers in a row are one box, so that every preset fits a page.
 */
export function architectureDiagram(config: Config): string {
  const { resolution } = config.model;
  const description =
    `Architecture of ${config.preset}: an encoder from ${resolution}×${resolution} pixels down, and a generator of ` +
    `${groups(config.model).length} stochastic layers up to them.`;
  return drawDiagram(layOutDiagram(config), description);
}

/** Where everything on the page stands. */
export function layOutDiagram(config: Config): Diagram {
  const columns = moved(layOutArchitecture(config), MARGIN, TITLE);
  const x = MARGIN + columns.width + GUTTER;
  const inset = moved(layOutStochasticLayer(config.model.classes > 0), x, TITLE + 28);
  const bottom = TITLE + 28 + inset.height;
  const texts: Label[] = [];
  let y = bottom + 30;
  for (const note of notesOf(config)) {
    for (const text of wrapped(note, inset.width)) {
      texts.push({ x, y, text, anchor: "start", size: NOTE_SIZE });
      y += NOTE_LINE;
    }
    y += NOTE_GAP;
  }
  const boxes = [...columns.boxes, ...inset.boxes];
  const legend = legendAt(x, y + 6, inset.width / 2, new Set(boxes.map(({ kind }) => kind)));
  return {
    width: x + inset.width + MARGIN,
    height: Math.max(TITLE + columns.height, legend.bottom) + MARGIN,
    panels: [...columns.panels, ...inset.panels],
    boxes: [...boxes, ...legend.boxes],
    arrows: [...columns.arrows, ...inset.arrows],
    labels: [
      ...titleOf(config),
      ...columns.labels,
      { x: x + inset.width / 2, y: TITLE + 12, text: "One stochastic layer", anchor: "middle", size: 13, bold: true },
      ...inset.labels,
      ...texts,
      ...legend.labels,
    ],
  };
}

function titleOf({ preset, model, objective }: Config): Label[] {
  const count = countParameters(modelParameters(model, outputChannels(objective)));
  const facts = [
    `${model.resolution}×${model.resolution} images`,
    model.classes > 0 ? `${model.classes} classes` : "no classes",
    `${formatShort(count)} parameters`,
    `${groups(model).length} latent groups`,
  ];
  return [
    { x: MARGIN, y: 28, text: preset, anchor: "start", size: 18, bold: true },
    { x: MARGIN, y: 46, text: facts.join(" · "), anchor: "start", size: 12, muted: true },
  ];
}

/** What the boxes do not say. */
function notesOf({ model, objective }: Config): string[] {
  const { classes, latentChannels, superResolution, levels } = model;
  const small = levels.some(({ resolution }) => resolution < 4);
  return [
    "Training and reconstruction draw z from the posterior q, generation draws it from the prior p. A group's rate is KL(q ‖ p).",
    `State h and activations a have the level's channels, z has ${latentChannels}. The same a serves all stochastic layers of a level.`,
    `A block is swish, convolution 3×3${small ? " (1×1 below 4×4 pixels)" : ""}, and both again; a residual block adds its input.`,
    ...(classes > 0
      ? [
          `y is the label; y* is the label too, but none with a probability of ${objective.labelDropout} in training. Encoder blocks are given y${superResolution ? ", blocks of the U-Net y*" : ""}.`,
        ]
      : []),
  ];
}

/** A text in lines of a width, broken between words. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const longer = lines.length > 0 ? `${lines[lines.length - 1]} ${word}` : word;
    if (lines.length > 0 && widthOf(longer, NOTE_SIZE) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** Two columns of the colours that are used, with what they stand for. */
function legendAt(x: number, y: number, columnWidth: number, used: Set<Kind>) {
  const entries = LEGEND.filter(([kind]) => used.has(kind));
  const places = entries.map(([kind, text], index) => {
    const [row, column] = [Math.floor(index / 2), index % 2];
    return { kind, text, x: x + column * columnWidth, y: y + row * 21 };
  });
  return {
    boxes: places.map((place): Box => ({ kind: place.kind, lines: [], x: place.x, y: place.y, width: 22, height: 13 })),
    labels: places.map((place): Label => {
      return { x: place.x + 30, y: place.y + 10.5, text: place.text, anchor: "start", size: NOTE_SIZE };
    }),
    bottom: y + Math.ceil(entries.length / 2) * 21,
  };
}

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
function layOutStochasticLayer(conditional: boolean): Diagram {
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
