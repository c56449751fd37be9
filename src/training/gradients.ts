/** @file The compiled gradients of a micro-batch. */
import type { numpy as np } from "@jax-js/jax";
import { type Config, microBatchOf } from "../config/index.js";
import { prepare } from "../engine/compile.js";
import { cached, json } from "../engine/disk-cache.js";
import { multiplyAccumulates, peakBytes } from "../engine/graph/cost.js";
import {
  compile,
  type DeviceArray,
  type DeviceTraits,
  defaultRuntime,
  deviceTraits,
  leaves,
  type Operand,
  type Program,
  rebuild,
  type Spec,
  spec,
} from "../engine/index.js";
import { weightPacking } from "../inference/programs/compiled.js";
import { latentNoise, latentNoiseSpecs } from "../inference/programs/latent-noise.js";
import { parameterSpecs } from "../inference/trained-model.js";
import type { LatentNoise } from "../latents/noise.js";
import type { ModelInputs } from "../objective/auto-encode.js";
import { lossAndGradients, type SpectralVectors, spectralVectorLengths } from "../objective/loss.js";
import { codeHash } from "../version.js";

/** Means over a micro-batch, nats per image; scalars but for the last. */
export interface BatchMetrics<T> {
  lossNats: T;
  distortionNats: T;
  klNats: T;
  klWeightedNats: T;
  /** Σ resolution · σ, before its weight. */
  spectral: T;
  /** [L], unweighted, lowest resolution first. */
  groupKlNats: T;
}

/** What the gradients of a micro-batch are computed from; weights, and gradients of them, are packed. */
type GradientsArgs<T> = [
  parameters: readonly T[],
  vectors: SpectralVectors<T>[],
  batch: ModelInputs<T>,
  noise: LatentNoise<T>,
  accumulated?: readonly T[],
];

export type GradientsProgram = Program<
  GradientsArgs<Operand>,
  {
    gradients: DeviceArray[];
    spectralVectors: SpectralVectors<DeviceArray>[];
    metrics: BatchMetrics<Float32Array | DeviceArray>;
  }
>;

/** How many micro-batches make an update. */
export const microBatchesOf = ({ training }: Config): number => training.batchSize / microBatchOf(training);

/** Shapes of the power-iteration vectors of every group. */
export const spectralVectorSpecs = ({ model }: Config): SpectralVectors<Spec>[] =>
  spectralVectorLengths(model).map(({ prior, posterior }) => ({ prior: spec([prior]), posterior: spec([posterior]) }));

/** Shapes of one micro-batch. */
function batchSpecs({ model, training }: Config): ModelInputs<Spec> {
  const n = microBatchOf(training);
  const low = model.levels[0].resolution;
  const labels = model.classes > 0 ? { labels: spec([n], "int32"), droppedLabels: spec([n], "int32") } : {};
  const lowResolution = model.superResolution ? { lowResolution: spec([n, 3, low, low]) } : {};
  return { images: spec([n, 3, model.resolution, model.resolution]), ...labels, ...lowResolution };
}

/**
 * Gradients of one of M micro-batches, added to those before it:
 *
 *     (parameters, spectral vectors, batch, noise, accumulated) → accumulated + gradients / M, vectors advanced, metrics
 *
 * After all of them the accumulated gradients are the mean. Every micro-batch starts from the same spectral vectors and so
 * has the same spectral term, whose gradient the mean counts exactly once; the vectors advanced by any of them are those of
 * the update. With M = 1 there is no last argument.
 */
export function compileGradients(config: Config, runtime = defaultRuntime()): Promise<GradientsProgram> {
  const { fn, args, rematerialise } = gradientsFunction(config, runtime.traits);
  const keepOnDevice = { gradients: true, spectralVectors: true, metrics: runtime.traits.queues } as const;
  const donated = [false, false, false, false, runtime.traits.donates];
  const divided = [false, false, true, true];
  const cacheKey = gradientsKey(config);
  return compile(fn, args, { runtime, rematerialise, keepOnDevice, donated, divided, cacheKey });
}

/** Says all that the gradients depend on. */
function gradientsKey({ model, objective, training }: Config): string {
  const { batchSize, microBatchSize, rematerialise } = training;
  return JSON.stringify(["gradients", codeHash(), model, objective, { batchSize, microBatchSize, rematerialise }]);
}

/** What the gradients of a micro-batch take. */
export interface StepCost {
  peakBytes: number;
  multiplyAccumulates: number;
}

/** Counts what the program of `compileGradients` takes on a CPU; once on a machine, since that means tracing it. */
export function stepCost(config: Config): StepCost {
  const count = () => {
    const { fn, args, rematerialise } = gradientsFunction(config, deviceTraits.cpu);
    const { graph } = prepare(fn, args, { rematerialise });
    return { peakBytes: peakBytes(graph), multiplyAccumulates: multiplyAccumulates(graph) };
  };
  return cached(`cost ${gradientsKey(config)}`, json, count) as StepCost;
}

/** The function that `compileGradients` compiles, and the shapes of its arguments. */
export function gradientsFunction(config: Config, traits: DeviceTraits) {
  const parameters = parameterSpecs(config);
  const noise = latentNoiseSpecs(config.model, microBatchOf(config.training), traits);
  const microBatches = microBatchesOf(config);
  const packing = weightPacking(parameters, traits);
  const fn = (...[weights, vectors, inputs, given, accumulated]: GradientsArgs<np.Array>) => {
    const tree = rebuild(parameters, packing.unpack(weights));
    const latents = latentNoise(config.model, given);
    const { loss, aux, gradients: fresh } = lossAndGradients(tree, vectors, inputs, latents, config);
    const packed = packing.pack(leaves(fresh));
    const mean = accumulated ? accumulated.map((sum, pack) => sum.add(packed[pack].mul(1 / microBatches))) : packed;
    const metrics: BatchMetrics<np.Array> = {
      lossNats: loss,
      distortionNats: aux.distortionNats.mean(),
      klNats: aux.klNats.ref.sum(0).mean(),
      klWeightedNats: aux.klWeightedNats.mean(),
      spectral: aux.spectral,
      groupKlNats: aux.klNats.mean(1),
    };
    return { gradients: mean, spectralVectors: aux.spectralVectors, metrics };
  };
  const { specs } = packing;
  const first = [specs, spectralVectorSpecs(config), batchSpecs(config), noise] as const;
  const args: GradientsArgs<Spec> = microBatches > 1 ? [...first, specs] : [...first];
  return { fn, args, rematerialise: config.training.rematerialise === true };
}
