/**
 * @file How a step ends: with an update, or with none when the skip rule says so. On a device that queues its work the device
 * decides, so that the next step can begin before anybody knows; elsewhere the host does.
 */
import { numpy as np } from "@jax-js/jax";
import type { Config } from "../config/index.js";
import { compile, DeviceArray, leaves, map, type Runtime, rebuild, type Spec, spec } from "../engine/index.js";
import { weightPacking } from "../inference/programs/compiled.js";
import { parameterSpecs } from "../inference/trained-model.js";
import type { SpectralVectors } from "../objective/loss.js";
import { codeHash } from "../version.js";
import { compileSquaredNorm, squaredNorm } from "./accumulation.js";
import { type BatchMetrics, microBatchesOf, spectralVectorSpecs } from "./gradients.js";
import { optimizerOf } from "./optimizer/optimizers.js";
import { averageDecay, isSkipped, learningRate, type SkipReason, skipReason } from "./optimizer/schedules.js";
import { createUpdate, momentsOf, type Optimized, type UpdateScalars, update } from "./optimizer/update.js";

/** A training state on a device, parameters packed. */
export interface DeviceState extends Optimized<DeviceArray> {
  spectralVectors: SpectralVectors<DeviceArray>[];
}

/** What the micro-batches of a step have left. */
export interface Accumulated {
  /** Their mean, packed. */
  gradients: readonly DeviceArray[];
  /** Advanced. */
  spectralVectors: SpectralVectors<DeviceArray>[];
  /** Of each micro-batch. */
  metrics: readonly BatchMetrics<DeviceArray | Float32Array>[];
}

/** What became of a step. */
export interface Outcome extends Omit<BatchMetrics<number>, "groupKlNats"> {
  groupKlNats: number[];
  gradientNorm: number;
  learningRate: number;
  /** Why there was no update. */
  skipped: SkipReason | undefined;
}

export interface StepEnd {
  /**
   * Ends a step. Consumes the state and the advanced vectors; the gradients remain the caller's.
   *
   * @param updates - made so far, as far as is known
   * @returns the state after it, and a function that waits for the device and says what became of the step, given the updates made
   *   before it
   */
  end(
    state: DeviceState,
    accumulated: Accumulated,
    updates: number,
  ): Promise<{ state: DeviceState; outcome: (updates: number) => Promise<Outcome> }>;
  dispose(): Promise<void>;
}

/** @param updates - made before the first step */
export const createStepEnd = (config: Config, runtime: Runtime, updates: number): Promise<StepEnd> =>
  runtime.traits.queues ? decidedOnDevice(config, runtime, updates) : decidedOnHost(config, runtime);

/** Numbers of update `t`, counted from 0. */
function scalarsOf({ optimizer, training }: Config, t: number): UpdateScalars<number> {
  const numbers = optimizerOf(optimizer).scalars(learningRate(t, optimizer), t, optimizer);
  return { ...numbers, emaDecay: averageDecay(t, training) };
}

const dimensionsOf = ({ model }: Config): number => 3 * model.resolution ** 2;

async function decidedOnHost(config: Config, runtime: Runtime): Promise<StepEnd> {
  const [program, norm] = await Promise.all([createUpdate(config, runtime), compileSquaredNorm(config, runtime)]);
  return {
    end: async (state, { gradients, spectralVectors, metrics }, updates) => {
      const found = await summary(metrics, await norm.run(gradients));
      const reason = reasonOf(found, config, updates);
      const outcome = { ...found, learningRate: learningRate(updates, config.optimizer), skipped: reason };
      const { spectralVectors: before, ...optimized } = state;
      free(reason ? spectralVectors : before);
      const renewed = reason
        ? state
        : { ...(await program.run(optimized, gradients, scalarsOf(config, updates))), spectralVectors };
      return { state: renewed, outcome: async () => outcome };
    },
    dispose: async () => {
      await Promise.all([program.dispose(), norm.dispose()]);
    },
  };
}

/** Steps of which nobody knows the outcome yet when one ends: those that `Trainer.ahead` lets begin. */
const UNKNOWN = 1;

async function decidedOnDevice(config: Config, runtime: Runtime, updatesBefore: number): Promise<StepEnd> {
  const program = await compileGuardedUpdate(config, runtime);
  let updates = runtime.put(Int32Array.of(updatesBefore), spec([], "int32"));
  return {
    end: async (state, { gradients, spectralVectors, metrics }, known) => {
      const rows = Array.from({ length: UNKNOWN + 1 }, (_, row) => scalarsOf(config, known + row));
      const table = Object.fromEntries(
        Object.keys(rows[0]).map((name) => [name, Float32Array.from(rows, (row) => row[name])]),
      ) as UpdateScalars<Float32Array>;
      const { spectralVectors: before, ...optimized } = state;
      const losses = metrics.map(({ lossNats }) => lossNats);
      const given = { losses, known: Int32Array.of(known), table };
      const renewed = await program.run(optimized, { before, after: spectralVectors }, updates, gradients, given);
      const { made: flag, squaredGradientNorm, updates: after, ...next } = renewed;
      updates = after;
      const outcome = async (earlier: number): Promise<Outcome> => {
        const [made] = await elements(flag);
        const found = await summary(metrics, squaredGradientNorm);
        const reason = made === 1 ? undefined : (reasonOf(found, config, earlier) ?? "norm above the threshold");
        return { ...found, learningRate: learningRate(earlier, config.optimizer), skipped: reason };
      };
      return { state: next, outcome };
    },
    dispose: async () => {
      await program.dispose();
      updates.dispose();
    },
  };
}

/** The update, and the choice between what it makes of the state and the state as it was. */
function compileGuardedUpdate(config: Config, runtime: Runtime) {
  const { optimizer: settings } = config;
  const optimizer = optimizerOf(settings);
  const { specs } = weightPacking(parameterSpecs(config), runtime.traits);
  const rule = { dimensions: dimensionsOf(config), threshold: settings.skipThreshold };
  type Given<T> = { losses: T[]; known: T; table: UpdateScalars<T> };
  type Vectors<T> = { before: SpectralVectors<T>[]; after: SpectralVectors<T>[] };
  const renew = (
    state: Optimized<np.Array>,
    vectors: Vectors<np.Array>,
    updates: np.Array,
    gradients: readonly np.Array[],
    { losses, known, table }: Given<np.Array>,
  ) => {
    const loss = losses.reduce((sum, each) => sum.add(each)).mul(1 / losses.length);
    const squaredGradientNorm = squaredNorm(gradients.map((pack) => pack.ref));
    const skip = isSkipped({ loss, norm: np.sqrt(squaredGradientNorm.ref), updates: updates.ref, ...rule });
    const row = np.equal(np.arange(UNKNOWN + 1), updates.ref.sub(known));
    const scalars = map(table, (column) => np.where(row.ref, column, 0).sum()) as UpdateScalars<np.Array>;
    const after = update(optimizer, map(state, (array) => array.ref) as typeof state, gradients, scalars, settings);
    /** The arrays of a tree, or those of another where there is no update. */
    const unlessSkipped = <T>(made: T, before: T): T => {
      const arrays = leaves(before) as np.Array[];
      return rebuild(
        made,
        (leaves(made) as np.Array[]).map((array, index) => np.where(skip.ref, arrays[index], array)),
      ) as T;
    };
    const renewed = unlessSkipped(after, state);
    const spectralVectors = unlessSkipped(vectors.after, vectors.before);
    const made = np.where(skip, 0, 1).astype(np.int32);
    return { ...renewed, spectralVectors, made: made.ref, squaredGradientNorm, updates: updates.add(made) };
  };
  const moments = momentsOf(optimizer, () => specs.map(({ shape }) => spec(shape, settings.stateType)));
  const vectors = spectralVectorSpecs(config);
  const scalar = spec([]);
  const names = Object.keys(scalarsOf(config, 0));
  const table = Object.fromEntries(names.map((name) => [name, spec([UNKNOWN + 1])])) as UpdateScalars<Spec>;
  const losses = Array.from({ length: microBatchesOf(config) }, () => scalar);
  const args = [
    { parameters: specs, ema: specs, moments },
    { before: vectors, after: vectors },
    spec([], "int32"),
    specs,
    { losses, known: spec([], "int32"), table },
  ] as const;
  return compile(renew, args, {
    runtime,
    keepOnDevice: true,
    outputDtypes: { moments: settings.stateType },
    donated: [true, true, true],
    cacheKey: JSON.stringify(["guarded update", codeHash(), config.model, config.objective, settings]),
  });
}

const reasonOf = (found: { lossNats: number; gradientNorm: number }, config: Config, updates: number) =>
  skipReason({
    ...{ lossNats: found.lossNats, gradientNorm: found.gradientNorm, updates },
    ...{ dimensions: dimensionsOf(config), threshold: config.optimizer.skipThreshold },
  });

/** Means over the micro-batches, which are equally large, and the norm of their accumulated gradients. Frees what is on the device. */
async function summary(
  all: readonly BatchMetrics<DeviceArray | Float32Array>[],
  squaredGradientNorm: DeviceArray | Float32Array,
) {
  const [square] = await elements(squaredGradientNorm);
  const metrics = await Promise.all(
    all.map(async (metric) => {
      const read = Object.entries(metric).map(async ([name, array]) => [name, await elements(array)] as const);
      return Object.fromEntries(await Promise.all(read)) as unknown as BatchMetrics<Float32Array>;
    }),
  );
  const mean = (of: (metric: BatchMetrics<Float32Array>) => number) =>
    metrics.reduce((sum, metric) => sum + of(metric), 0) / metrics.length;
  return {
    lossNats: mean(({ lossNats }) => lossNats[0]),
    distortionNats: mean(({ distortionNats }) => distortionNats[0]),
    klNats: mean(({ klNats }) => klNats[0]),
    klWeightedNats: mean(({ klWeightedNats }) => klWeightedNats[0]),
    spectral: mean(({ spectral }) => spectral[0]),
    groupKlNats: Array.from(metrics[0].groupKlNats, (_, group) => mean(({ groupKlNats }) => groupKlNats[group])),
    gradientNorm: Math.sqrt(square),
  };
}

/** The elements of an array, which is freed where it is on a device. */
export async function elements<T>(array: T): Promise<T extends DeviceArray ? Float32Array | Int32Array : T> {
  if (!(array instanceof DeviceArray)) return array as never;
  const read = await array.read();
  array.dispose();
  return read as never;
}

/** Gives back arrays that nothing needs any more. */
export function free(arrays: readonly DeviceArray[] | SpectralVectors<DeviceArray>[] | DeviceState): void {
  for (const array of leaves(arrays)) array.dispose();
}
