/** @file Where the parts of a model stand in its diagram (paper Figure 6): a pure function of the configuration. */
import type { Config } from "../config/index.js";
import { mainSections, type Part, type Section, startSections } from "./architecture-parts.js";
import type { Arrow, Box, Diagram, Kind, Label } from "./diagram-shapes.js";

interface PlacedSection extends Section {
  y: number;
  height: number;
  encoderBoxes: Box[];
  generatorBoxes: Box[];
}

const ENCODER = { x: 100, width: 176 };
const GENERATOR = { x: ENCODER.x + ENCODER.width + 104, width: 184 };
const LATENT = { x: GENERATOR.x + GENERATOR.width + 26, width: 92 };
/** Where the arrows with activations turn. */
const BUS = GENERATOR.x - 26;
const WIDTH = LATENT.x + LATENT.width + 12;

/** Between boxes that an arrow joins. */
const GAP = 18;
const PADDING = 12;
const HEADING = 28;

const heightOf = ({ lines }: Part): number => (lines.length > 1 ? 40 : 27);
/**
 * The encoder's column, downwards, and the generator's, upwards, level beside level, highest resolution at the top; below them
 * the U-Net of a super-resolution model. Equal layers in a row are one box.
 *
 * @returns places from the corner of what it takes
 */
export function layOutArchitecture(config: Pick<Config, "model" | "objective">): Diagram {
  const main = mainSections(config);
  const all = placeSections([...main, ...startSections(config.model)], HEADING);
  const [levels, start] = [all.slice(0, main.length), all.slice(main.length)];
  const latents = levels.flatMap(latentBoxes);
  const last = all[all.length - 1];
  return {
    width: WIDTH,
    height: last.y + last.height,
    panels: all.filter(({ level }) => level).map(({ y, height }) => ({ x: 0, y, width: WIDTH, height })),
    boxes: [...all.flatMap(({ encoderBoxes, generatorBoxes }) => [...encoderBoxes, ...generatorBoxes]), ...latents],
    arrows: [
      ...chain(
        "encoder",
        levels.flatMap(({ encoderBoxes }) => encoderBoxes),
      ),
      ...chain(
        "generator",
        start.flatMap(({ encoderBoxes }) => encoderBoxes),
      ),
      ...chain("generator", all.flatMap(({ generatorBoxes }) => generatorBoxes).reverse()),
      ...levels.flatMap(activationArrows),
      ...start.flatMap(skipArrows),
      ...latents.map((box) => {
        const y = box.y + box.height / 2;
        return straight("latent", [box.x, y], [GENERATOR.x + GENERATOR.width, y]);
      }),
    ],
    labels: [
      heading("Encoder", ENCODER, 12),
      heading("Generator", GENERATOR, 12),
      heading("Latents", LATENT, 12),
      ...all.flatMap(levelLabels),
      ...arrowLabels(levels, start),
    ],
  };
}

/**
 * Places sections below each other. The last boxes of a level's two sides stand at one height, so that activations cross straight;
 * what has no panel stands close to what it leads to.
 */
function placeSections(sections: Section[], top: number): PlacedSection[] {
  let y = top;
  return sections.map((section) => {
    const { encoder, generator, level } = section;
    const padding = level ? PADDING : GAP - PADDING;
    const lowest = Math.max(...[encoder, generator].map(lastHeight));
    const below = (parts: Part[]) => (level ? (lowest - lastHeight(parts)) / 2 : 0);
    const inside = Math.max(...[encoder, generator].map((parts) => stackHeight(parts) + below(parts)));
    const boxes = (parts: Part[], column: typeof ENCODER) =>
      stack(parts, column, y + padding + inside - stackHeight(parts) - below(parts));
    const placed = {
      ...section,
      y,
      height: inside + 2 * padding,
      encoderBoxes: boxes(encoder, ENCODER),
      generatorBoxes: boxes(generator, GENERATOR),
    };
    y += placed.height;
    return placed;
  });
}

const lastHeight = (parts: Part[]): number => (parts.length > 0 ? heightOf(parts[parts.length - 1]) : 0);
const stackHeight = (parts: Part[]): number =>
  parts.reduce((sum, part) => sum + heightOf(part), 0) + GAP * Math.max(parts.length - 1, 0);

function stack(parts: Part[], { x, width }: typeof ENCODER, top: number): Box[] {
  let y = top;
  return parts.map(({ kind, lines, round }, index) => {
    const height = heightOf(parts[index]);
    const box: Box = { kind, lines, round, x, y, width, height };
    y += height + GAP;
    return box;
  });
}

const straight = (kind: Kind, from: [number, number], to: [number, number]): Arrow => ({ kind, points: [from, to] });

/** Arrows from each box to the next, straight up or down. */
function chain(kind: Kind, boxes: Box[]): Arrow[] {
  return boxes.slice(1).map((to, index) => {
    const from = boxes[index];
    const x = to.x + to.width / 2;
    return to.y > from.y
      ? straight(kind, [x, from.y + from.height], [x, to.y])
      : straight(kind, [x, from.y], [x, to.y + to.height]);
  });
}

/** Beside every run of stochastic layers its latents. */
function latentBoxes({ generator, generatorBoxes }: PlacedSection): Box[] {
  return generatorBoxes.flatMap(({ y, height }, index) => {
    const lines = generator[index].latents;
    return lines ? [{ kind: "latent", lines, round: true, ...LATENT, y, height }] : [];
  });
}

/**
 * From the last of a level's encoder boxes to all its stochastic layers: straight to the lowest of them, in a bend to the
 * highest, and from that bend to the others.
 */
function activationArrows({ level, encoderBoxes, generator, generatorBoxes }: PlacedSection): Arrow[] {
  if (!level) return [];
  const last = encoderBoxes[encoderBoxes.length - 1];
  const start: [number, number] = [BUS, last.y + last.height / 2];
  const targets = generatorBoxes.filter((_, index) => generator[index].latents);
  return targets.map(({ x, y, height }, index): Arrow => {
    const end: [number, number] = [x, y + height / 2];
    if (index === targets.length - 1) return straight("encoder", [last.x + last.width, end[1]], end);
    return { kind: "encoder", points: [...(index === 0 ? [start] : []), [BUS, end[1]], end] };
  });
}

/** Straight across every level of the U-Net. */
function skipArrows({ level, encoderBoxes: [from], generatorBoxes: [to] }: PlacedSection): Arrow[] {
  if (!level) return [];
  const y = from.y + from.height / 2;
  return [straight("generator", [from.x + from.width, y], [to.x, y])];
}

function levelLabels({ level, title, y, height }: PlacedSection): Label[] {
  if (title) return [{ x: 14, y: y + 31, text: title, anchor: "start", size: 13, bold: true }];
  if (!level) return [];
  const middle = y + height / 2;
  return [
    { x: 14, y: middle - 2, text: `${level.resolution}×${level.resolution}`, anchor: "start", size: 13, bold: true },
    { x: 14, y: middle + 13, text: `${level.channels} channels`, anchor: "start", size: 10.5, muted: true },
  ];
}

const heading = (text: string, { x, width }: { x: number; width: number }, y: number): Label => {
  return { x: x + width / 2, y, text, anchor: "middle", size: 13, bold: true };
};

/** What the arrows between the columns carry, said once for each kind. */
function arrowLabels(levels: PlacedSection[], start: PlacedSection[]): Label[] {
  const say = (text: string, sections: PlacedSection[]): Label[] => {
    const first = sections.find(({ level }) => level);
    if (!first) return [];
    const from = first.encoderBoxes[first.encoderBoxes.length - 1];
    const x = from.x + from.width + 6;
    return [{ x, y: from.y + from.height / 2 - 5, text, anchor: "start", size: 10.5, muted: true }];
  };
  return [...say("activations", levels), ...say("skip", start)];
}
