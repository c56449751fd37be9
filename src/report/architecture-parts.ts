/** @file The parts of a model, as its diagram shows them: a pure function of the configuration. */
import type { Config, ModelConfig } from "../config/index.js";
import { attentionPlaces, groups } from "../model/index.js";
import { outputChannels, outputLayerOf } from "../objective/output-layers.js";
import type { Kind } from "./diagram-shapes.js";
import { groupRange } from "./group-labels.js";

/** A part before it has a place. */
export interface Part {
  kind: Kind;
  lines: string[];
  round?: boolean;
  /** Of a run of stochastic layers: their latents, drawn beside it. */
  latents?: string[];
}

/** Parts side by side, each list in the order from the top of the page down. */
export interface Section {
  encoder: Part[];
  generator: Part[];
  /** What is written at the left of its panel; without, it has none. */
  level?: { resolution: number; channels: number };
  /** What is written at the left of other sections. */
  title?: string;
}

const times = (name: string, count: number): string => (count > 1 ? `${name} × ${count}` : name);
const shape = (channels: number, resolution: number): string => `${channels}×${resolution}×${resolution}`;

/**
 * The way of an image through encoder and generator, from the top of the page down: what leads in and out, then the levels
 * from the highest resolution on with the resampling between them.
 */
export function mainSections(config: Pick<Config, "model" | "objective">): Section[] {
  return [headSection(config), ...levelSections(config.model)];
}

/** What leads from the image into the encoder, and from the generator to the output distribution. */
function headSection({ model, objective }: Pick<Config, "model" | "objective">): Section {
  const { channels } = model.levels[model.levels.length - 1];
  const outputs = outputChannels(objective);
  const distribution = outputLayerOf(objective).text.parameters(objective);
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
          lines: [
            times("stochastic layer", run.count),
            `${first === last ? "group" : "groups"} ${groupRange(first, last)}`,
          ],
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
          generator: [resampling(`nearest upsampling ${factor}×${factor}`, changed && channels)],
        },
      ];
    })
    .reverse()
    .flat();
}

/** What the generator starts from: a learned state, or the U-Net over the small image. */
export function startSections({ levels: [{ resolution, channels }], superResolution }: ModelConfig): Section[] {
  if (!superResolution) {
    const initial: Part = { kind: "image", lines: ["learned initial state", shape(channels, resolution)], round: true };
    return [{ encoder: [], generator: [initial] }];
  }
  const { blocks, noise } = superResolution;
  const image: Part = {
    kind: "image",
    lines: ["small image", `${shape(3, resolution)}, noise ${noise}`],
    round: true,
  };
  const input: Section = {
    encoder: [image, { kind: "resampling", lines: [`convolution 1×1 → ${channels}`] }],
    generator: [],
    title: "U-Net",
  };
  const levels = blocks.flatMap((count, index): Section[] => {
    const level: Section = {
      level: { resolution: resolution / 2 ** index, channels },
      encoder: [{ kind: "generator", lines: [times("residual block", count)] }],
      generator: [{ kind: "generator", lines: [times("residual block", count), "convolution 3×3 before each"] }],
    };
    const between = { encoder: [resampling("average pooling 2×2")], generator: [resampling("nearest upsampling 2×2")] };
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
