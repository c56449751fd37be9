/** @file Where the parts of a model stand in its diagram (paper Figure 6): a pure function of the configuration. */
import type { Config, ModelConfig } from "../config/index.js";
import { attentionPlaces, groups } from "../model/index.js";
import { outputChannels } from "../objective/loss.js";
import type { Arrow, Box, Diagram, Kind, Label } from "./diagram-shapes.js";

/** A part before it has a place. */
interface Part {
  kind: Kind;
  lines: string[];
  round?: boolean;
  /** Of a run of stochastic layers: their latents, drawn beside it. */
  latents?: string[];
}

/** Parts side by side, each list in the order from the top of the page down. */
interface Section {
  encoder: Part[];
  generator: Part[];
  /** What is written at the left of its panel; without, it has none. */
  level?: { resolution: number; channels: number };
}

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
const times = (name: string, count: number): string => (count > 1 ? `${name} × ${count}` : name);
const shape = (channels: number, resolution: number): string => `${channels}×${resolution}×${resolution}`;

/**
 * The encoder's column, downwards, and the generator's, upwards, level beside level, highest resolution at the top; below them
 * the U-Net of a super-resolution model. Equal layers in a row are one box.
 *
 * @returns places from the corner of what it takes
 */
export function layOutArchitecture(config: Pick<Config, "model" | "objective">): Diagram {
  const { model } = config;
  const main = [headSection(config), ...levelSections(model)];
  const all = placeSections([...main, ...startSections(model)], HEADING);
  const [levels, start] = [all.slice(0, main.length), all.slice(main.length)];
  const latents = levels.flatMap(latentBoxes);
  const last = all[all.length - 1];
  return {
    width: WIDTH,
    height: last.y + last.height,
    panels: all.filter(({ level }) => level).map(({ y, height }) => ({ x: 0, y, width: WIDTH, height })),
    boxes: [...all.flatMap(({ encoderBoxes, generatorBoxes }) => [...encoderBoxes, ...generatorBoxes]), ...latents],
    arrows: [
      ...chain(levels.flatMap(({ encoderBoxes }) => encoderBoxes)),
      ...chain(start.flatMap(({ encoderBoxes }) => encoderBoxes)),
      ...chain(all.flatMap(({ generatorBoxes }) => generatorBoxes).reverse()),
      ...levels.flatMap(activationArrows),
      ...start.flatMap(skipArrows),
      ...latents.map((box): Arrow => {
        const y = box.y + box.height / 2;
        return {
          kind: "latent",
          points: [
            [box.x, y],
            [GENERATOR.x + GENERATOR.width, y],
          ],
        };
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

/** What leads from the image into the encoder, and from the generator to the output distribution. */
function headSection({ model, objective }: Pick<Config, "model" | "objective">): Section {
  const { channels } = model.levels[model.levels.length - 1];
  const outputs = outputChannels(objective);
  const distribution =
    objective.output === "gaussian"
      ? "Gaussian: mean, log-variance"
      : `${objective.mixtures} logistics: mixture, colours`;
  return {
    encoder: [
      { kind: "image", lines: ["image", shape(3, model.resolution)], round: true },
      { kind: "resampling", lines: [`convolution 3×3 → ${channels}`] },
    ],
    generator: [
      { kind: "image", lines: [distribution, shape(outputs, model.resolution)], round: true },
      { kind: "resampling", lines: [`convolution 1×1 → ${outputs}`] },
      { kind: "generator", lines: [times("residual block", model.finalBlocks)] },
    ],
  };
}

/** The levels from the highest resolution down, and the resampling between them. */
function levelSections(model: ModelConfig): Section[] {
  const all = groups(model);
  return model.levels
    .map((level, index): Section[] => {
      const { resolution, channels, encoderBlocks, stochasticLayers, attention } = level;
      const own = all.filter((group) => group.level === index);
      const places = attentionPlaces(encoderBlocks, attention).encoder;
      const encoder = runs(encoderBlocks, places).map((run): Part => {
        return run.attention ? ATTENTION : { kind: "encoder", lines: [times("residual block", run.count)] };
      });
      const layers = runs(stochasticLayers, attentionPlaces(stochasticLayers, attention).generator);
      const generator = layers.map((run): Part => {
        if (run.attention) return ATTENTION;
        const [first, last] = [own[run.from].index, own[run.from + run.count - 1].index];
        return {
          kind: "generator",
          lines: [times("stochastic layer", run.count), first === last ? `group ${first}` : `groups ${first}–${last}`],
          latents: [
            first === last ? latentName(first) : `${latentName(first)} … ${latentName(last)}`,
            shape(model.latentChannels, resolution),
          ],
        };
      });
      const section = { level: { resolution, channels }, encoder, generator: generator.reverse() };
      const below = model.levels[index - 1];
      if (!below) return [section];
      const factor = resolution / below.resolution;
      const changed = below.channels !== channels;
      return [
        section,
        {
          encoder: [resampling(`average pooling ${factor}×${factor}`, changed && below.channels)],
          generator: [resampling(`nearest neighbour ${factor}×${factor}`, changed && channels)],
        },
      ];
    })
    .reverse()
    .flat();
}

/** What the generator starts from: a learned state, or the U-Net over the small image. */
function startSections({ levels: [{ resolution, channels }], superResolution }: ModelConfig): Section[] {
  if (!superResolution) {
    const initial: Part = { kind: "image", lines: ["learned initial state", shape(channels, resolution)], round: true };
    return [{ encoder: [], generator: [initial] }];
  }
  const { blocks, noise } = superResolution;
  const image: Part = {
    kind: "image",
    lines: [`small image, noise of ${noise} added`, shape(3, resolution)],
    round: true,
  };
  const input: Section = {
    encoder: [image, { kind: "resampling", lines: [`convolution 1×1 → ${channels}`] }],
    generator: [],
  };
  const levels = blocks.flatMap((count, index): Section[] => {
    const level: Section = {
      level: { resolution: resolution / 2 ** index, channels },
      encoder: [{ kind: "generator", lines: [times("residual block", count)] }],
      generator: [{ kind: "generator", lines: [times("residual block", count), "each after merging, 3×3"] }],
    };
    const between = { encoder: [resampling("average pooling 2×2")], generator: [resampling("nearest neighbour 2×2")] };
    return index > 0 ? [between, level] : [level];
  });
  return [input, ...levels];
}

const ATTENTION: Part = { kind: "attention", lines: ["attention"] };

/** A change of resolution, and of channels where there is one. */
function resampling(name: string, channels: number | false = false): Part {
  return { kind: "resampling", lines: channels ? [name, `convolution 3×3 → ${channels}`] : [name], round: true };
}

/** "z₁₂" */
const latentName = (group: number): string =>
  `z${[...String(group)].map((digit) => "₀₁₂₃₄₅₆₇₈₉"[Number(digit)]).join("")}`;

/** Layers in the order in which they run: those without attention in between are one entry. */
function runs(count: number, places: readonly number[]): { from: number; count: number; attention?: boolean }[] {
  const ends = [...places.map((place) => place + 1), count];
  return ends.flatMap((end, index) => {
    const from = ends[index - 1] ?? 0;
    const run = end > from ? [{ from, count: end - from }] : [];
    return index < places.length ? [...run, { from: end, count: 1, attention: true }] : run;
  });
}

/** Places sections below each other. What has no panel stands close to what it leads to, at its bottom. */
function placeSections(sections: Section[], top: number): PlacedSection[] {
  let y = top;
  return sections.map((section) => {
    const padding = section.level ? PADDING : GAP - PADDING;
    const inside = Math.max(stackHeight(section.encoder), stackHeight(section.generator));
    const boxes = (parts: Part[], column: typeof ENCODER) => {
      const free = inside - stackHeight(parts);
      return stack(parts, column, y + padding + (section.level ? free / 2 : free));
    };
    const placed = {
      ...section,
      y,
      height: inside + 2 * padding,
      encoderBoxes: boxes(section.encoder, ENCODER),
      generatorBoxes: boxes(section.generator, GENERATOR),
    };
    y += placed.height;
    return placed;
  });
}

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

/** Arrows from each box to the next, straight up or down. */
function chain(boxes: Box[]): Arrow[] {
  return boxes.slice(1).map((to, index) => {
    const from = boxes[index];
    const x = to.x + to.width / 2;
    const down = to.y > from.y;
    return {
      kind: from.kind === "encoder" || to.kind === "encoder" ? "encoder" : "generator",
      points: [
        [x, down ? from.y + from.height : from.y],
        [x, down ? to.y : to.y + to.height],
      ],
    };
  });
}

/** Beside every run of stochastic layers its latents. */
function latentBoxes({ generator, generatorBoxes }: PlacedSection): Box[] {
  return generatorBoxes.flatMap(({ y, height }, index) => {
    const lines = generator[index].latents;
    return lines ? [{ kind: "latent", lines, round: true, ...LATENT, y, height }] : [];
  });
}

/** From the last of a level's encoder boxes to all its stochastic layers. */
function activationArrows({ level, encoderBoxes, generator, generatorBoxes }: PlacedSection): Arrow[] {
  if (!level) return [];
  const last = encoderBoxes[encoderBoxes.length - 1];
  const [x, y] = [last.x + last.width, last.y + last.height / 2];
  return generatorBoxes.flatMap((box, index): Arrow[] => {
    if (!generator[index].latents) return [];
    const target = box.y + box.height / 2;
    const bend: Arrow["points"] =
      target === y
        ? []
        : [
            [BUS, y],
            [BUS, target],
          ];
    return [{ kind: "encoder", points: [[x, y], ...bend, [box.x, target]] }];
  });
}

/** Straight across every level of the U-Net. */
function skipArrows({ level, encoderBoxes: [from], generatorBoxes: [to] }: PlacedSection): Arrow[] {
  if (!level) return [];
  const y = from.y + from.height / 2;
  return [
    {
      kind: "generator",
      points: [
        [from.x + from.width, y],
        [to.x, y],
      ],
    },
  ];
}

function levelLabels({ level, y, height }: PlacedSection): Label[] {
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
