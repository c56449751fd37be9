/** @file What a configuration amounts to before anything is trained: parameters, groups, work and memory. */
import { availableParallelism } from "node:os";
import type { numpy as np } from "@jax-js/jax";
import { type Config, microBatchOf } from "../../config/index.js";
import { prepare } from "../../engine/compile.js";
import { multiplyAccumulates, peakBytes } from "../../engine/graph/cost.js";
import { leaves, type Spec, sizeOf, spec } from "../../engine/index.js";
import { type PriorInputs, priorPass } from "../../inference/programs/prior-pass.js";
import { parameterSpecs } from "../../inference/trained-model.js";
import { groups, type ModelParameters, modelParameters } from "../../model/index.js";
import { informationShares } from "../../objective/information-schedule.js";
import { outputChannels } from "../../objective/output-layers.js";
import { stepCost } from "../gradients.js";
import { fitToMemory, trainingBytes } from "./memory.js";

/** Bytes of one float32. */
const FLOAT = 4;

/** One resolution of the model. */
interface LevelSummary {
  resolution: number;
  channels: number;
  encoderBlocks: number;
  stochasticLayers: number;
  attention: number;
  parameters: number;
}

/** What a configuration amounts to: parameters, groups, work, memory. */
export interface ModelSummary {
  preset: string;
  parameters: number;
  /** Parameters of each part; they sum to `parameters`. */
  parts: { part: string; parameters: number }[];
  /** Lowest resolution first. */
  levels: LevelSummary[];
  /** Target share in [0, 1]; null without an information schedule. */
  groups: { index: number; resolution: number; latentShape: number[]; share: number | null }[];
  /** Of convolutions and matrix products, for one image: drawing it from the prior, and its part of a training step. */
  multiplyAccumulates: { generation: number; training: number };
  /**
   * Weights alone; what drawing one image needs at once; and, estimated, a whole process that trains with this micro-batch.
   */
  memoryBytes: { weights: number; generation: number; training: number };
  /** Images of a micro-batch, to which the memory of training refers; what the configuration leaves open, as here and now. */
  microBatch: number;
  /** Whether blocks are rematerialised. */
  rematerialise: boolean;
}

/** Describes a configuration's model. Traces the sampler and the training step, but allocates and computes nothing. */
export function summariseModel(config: Config): ModelSummary {
  const { model, objective } = config;
  const parameters = modelParameters(model, outputChannels(objective));
  const { encoder, generator, superResolution } = parameters;
  const layers = generator.levels.flatMap((level) => level.layers);
  const shares = informationShares(config);
  const fitted = fitToMemory(config, { device: "cpu", threads: availableParallelism() });
  const { rematerialise } = fitted.training;
  const microBatch = microBatchOf(fitted.training);
  const [generation, step] = [generationGraph(config), stepCost(fitted)];
  const weights = FLOAT * count(parameters);
  return {
    preset: config.preset,
    parameters: count(parameters),
    parts: [
      { part: "encoder", parameters: count(encoder) },
      { part: "priors", parameters: count(layers.map(({ prior }) => prior)) },
      { part: "posteriors", parameters: count(layers.map(({ posterior }) => posterior)) },
      { part: "latent projections", parameters: count(layers.map(({ latent }) => latent)) },
      { part: "shared blocks", parameters: count(layers.map(({ shared }) => shared)) },
      {
        part: `initial state, ${model.positions ? "positions, " : ""}attention, upsampling`,
        parameters: count([
          generator.initial ?? [],
          generator.levels.map(({ position, attention, up }) => [position ?? [], attention ?? [], up ?? []]),
        ]),
      },
      { part: "output blocks", parameters: count([generator.finalBlocks, generator.output]) },
      ...(superResolution ? [{ part: "super-resolution U-Net", parameters: count(superResolution) }] : []),
    ],
    levels: model.levels.map((level, index) => {
      return { ...level, parameters: count([encoder.levels[index], generator.levels[index]]) };
    }),
    groups: groups(model).map(({ index, resolution, shape }) => {
      return { index, resolution, latentShape: shape, share: shares?.[index] ?? null };
    }),
    multiplyAccumulates: {
      generation: multiplyAccumulates(generation),
      training: step.multiplyAccumulates / microBatch,
    },
    memoryBytes: {
      weights,
      generation: peakBytes(generation),
      training: trainingBytes(fitted, step.peakBytes),
    },
    microBatch,
    rematerialise: rematerialise === true,
  };
}

/** Scalars in a tree of anything with a shape. */
const count = (tree: unknown): number =>
  (leaves(tree) as { shape: number[] }[]).reduce((sum, { shape }) => sum + sizeOf(shape), 0);

/** What a batch of `count` images consists of besides the images. */
const inputSpecs = ({ model }: Config, count: number, labelNames: string[]) => {
  const low = model.levels[0].resolution;
  return {
    ...(model.classes > 0 ? Object.fromEntries(labelNames.map((name) => [name, spec([count], "int32")])) : {}),
    ...(model.superResolution ? { lowResolution: spec([count, 3, low, low]) } : {}),
  };
};

const noiseSpecs = ({ model }: Config, count: number): Spec[] =>
  groups(model).map(({ shape }) => spec([count, ...shape]));

/** Drawing one image from the prior. */
function generationGraph(config: Config) {
  const sample = (weights: ModelParameters<np.Array>, inputs: PriorInputs<np.Array>) =>
    priorPass(config, weights, inputs).images;
  const inputs = { latents: noiseSpecs(config, 1), ...inputSpecs(config, 1, ["labels"]) };
  return prepare(sample, [parameterSpecs(config), inputs]).graph;
}
