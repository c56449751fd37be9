/** @file The training state on the device, and the step that renews it. */
import type { Config } from "../config/index.js";
import {
  createPacker,
  type DeviceArray,
  entries,
  leaves,
  type Packer,
  type Runtime,
  rebuild,
  type Spec,
} from "../engine/index.js";
import { UserError } from "../errors.js";
import { weightPacking } from "../inference/programs/compiled.js";
import { parameterSpecs } from "../inference/trained-model.js";
import { Lifetime } from "../lifetime.js";
import type { ModelParameters } from "../model/index.js";
import type { AutoEncoderInputs } from "../objective/auto-encode.js";
import type { SpectralVectors } from "../objective/loss.js";
import {
  type Accumulation,
  type BatchMetrics,
  compileGradients,
  createAccumulation,
  type GradientsProgram,
  microBatchesOf,
  spectralVectorSpecs,
} from "./gradients.js";
import { type LayerNorm, layerNorms } from "./layer-norms.js";
import { optimizerOf } from "./optimizer/optimizers.js";
import { averageDecay, learningRate, type SkipReason, skipReason } from "./optimizer/schedules.js";
import {
  createUpdate,
  momentsOf,
  type Optimized,
  type OptimizerState,
  type UpdateProgram,
} from "./optimizer/update.js";
import type { Counters } from "./run/counters.js";

/** Everything a run resumes from, besides its counters. */
export interface TrainingState<T> extends OptimizerState<ModelParameters<T>> {
  spectralVectors: SpectralVectors<T>[];
}

/** The same on the device, parameters packed. */
interface DeviceState extends Optimized<DeviceArray> {
  spectralVectors: SpectralVectors<DeviceArray>[];
}

/** Weights, their average and their gradients are packed by the one, moments, which may be of another type, by the other. */
interface Packers {
  weights: Packer;
  moments: Packer;
}

/** What one micro-batch is computed from, on the host. */
export type MicroBatch = AutoEncoderInputs<Float32Array | Int32Array>;

/** What a step says of itself; nats per image, means over the batch. */
export interface StepReport extends Omit<BatchMetrics<number>, "squaredGradientNorm" | "groupKlNats"> {
  groupKlNats: number[];
  gradientNorm: number;
  learningRate: number;
  /** Why there was no update. */
  skipped: SkipReason | undefined;
  /** Of the skip that ends training alone, since they take a copy of all gradients and weights. */
  layers?: { gradients: LayerNorm[]; weights: LayerNorm[] };
}

/** Trees of the same shapes as a configuration's training state. */
export function stateSpecs(config: Config): TrainingState<Spec> {
  const parameters = parameterSpecs(config);
  const spectralVectors = spectralVectorSpecs(config);
  const moments = momentsOf(optimizerOf(config.optimizer), () => parameters);
  return { parameters, ema: parameters, moments, spectralVectors };
}

/** Holds a training state on the device and makes one update after the other. */
export class Trainer {
  #state: DeviceState;
  readonly #specs: TrainingState<Spec>;
  readonly #lifetime = new Lifetime("This trainer");

  private constructor(
    readonly config: Config,
    readonly runtime: Runtime,
    readonly counters: Counters,
    private readonly gradients: GradientsProgram,
    /** Absent when a batch is one micro-batch. */
    private readonly accumulation: Accumulation | undefined,
    private readonly update: UpdateProgram,
    private readonly packers: Packers,
    state: DeviceState,
  ) {
    this.#specs = stateSpecs(config);
    this.#state = state;
  }

  /**
   * Compiles the programs and copies the state to the device.
   *
   * @throws UserError when the device cannot keep moments in the configured type
   */
  static async create(config: Config, runtime: Runtime, counters: Counters, state: TrainingState<Float32Array>) {
    if (!runtime.traits.bfloat16 && config.optimizer.stateType !== "float32") {
      throw new UserError(
        "invalid-options",
        `Expected optimizer.stateType=float32 on ${runtime.device}, got ${config.optimizer.stateType}, which it cannot keep ` +
          'moments in. Train with `device: "cpu"`, or leave the setting out.',
      );
    }
    const packing = weightPacking(parameterSpecs(config), runtime.traits);
    const [gradients, accumulation, update, weights, moments] = await Promise.all([
      compileGradients(config, runtime),
      microBatchesOf(config) > 1 ? createAccumulation(config, runtime) : undefined,
      createUpdate(config, runtime),
      createPacker(packing, runtime),
      createPacker(packing, runtime, config.optimizer.stateType),
    ]);
    const [parameters, ema] = await Promise.all(
      [state.parameters, state.ema].map((tree) => weights.pack(leaves(tree))),
    );
    const names = Object.keys(state.moments);
    const packed = await Promise.all(names.map((name) => moments.pack(leaves(state.moments[name]))));
    const spectralVectors = spectralVectorSpecs(config).map(({ prior, posterior }, group) => ({
      prior: runtime.put(state.spectralVectors[group].prior, prior),
      posterior: runtime.put(state.spectralVectors[group].posterior, posterior),
    }));
    const packs = Object.fromEntries(names.map((name, index) => [name, packed[index]]));
    const onDevice = { parameters, ema, moments: packs, spectralVectors };
    return new Trainer(
      config,
      runtime,
      { ...counters },
      gradients,
      accumulation,
      update,
      { weights, moments },
      onDevice,
    );
  }

  /** The moving average of the weights, packed, as it is now; gone after the next step. */
  get ema(): readonly DeviceArray[] {
    return this.#state.ema;
  }

  /**
   * Sees one batch: gradients of its micro-batches, then an update, or none when the skip rule says so. A skipped batch
   * leaves nothing behind but the counters; after `training.maxConsecutiveSkips` of them in a row the report has the norms of
   * every layer. An aborted batch leaves nothing at all: it is seen again from its start.
   *
   * @throws the signal's reason when it is aborted before the last micro-batch has begun
   */
  step(microBatches: readonly MicroBatch[], signal?: AbortSignal): Promise<StepReport> {
    return this.#lifetime.during(() => this.#step(microBatches, signal));
  }

  async #step(microBatches: readonly MicroBatch[], signal?: AbortSignal): Promise<StepReport> {
    const { optimizer, training, model } = this.config;
    const { gradients, spectralVectors, metrics } = await this.#accumulate(microBatches, signal);
    const { updates } = this.counters;
    const gradientNorm = Math.sqrt(metrics.at(-1)!.squaredGradientNorm[0]);
    const dimensions = 3 * model.resolution ** 2;
    const means = meansOf(metrics);
    const { lossNats } = means;
    const skipped = skipReason({
      ...{ lossNats, gradientNorm, dimensions, updates },
      threshold: optimizer.skipThreshold,
    });
    const rate = learningRate(updates, optimizer);
    let layers: StepReport["layers"];
    if (skipped) {
      this.counters.skips++;
      this.counters.consecutiveSkips++;
      if (this.counters.consecutiveSkips >= training.maxConsecutiveSkips) layers = await this.#layers(gradients);
      free(gradients);
      free(spectralVectors);
    } else {
      const numbers = optimizerOf(optimizer).scalars(rate, updates, optimizer);
      const scalars = { ...numbers, emaDecay: averageDecay(updates, training) };
      const { spectralVectors: before, ...optimized } = this.#state;
      this.#state = { ...(await this.update.run(optimized, gradients, scalars)), spectralVectors };
      free(before);
      this.counters.updates++;
      this.counters.consecutiveSkips = 0;
    }
    this.counters.step++;
    this.counters.images += training.batchSize;
    return { ...means, gradientNorm, learningRate: rate, skipped, ...(layers ? { layers } : {}) };
  }

  async #layers(gradients: readonly DeviceArray[]) {
    const paths = entries(this.#specs.parameters).map(([path]) => path);
    const norms = async (packs: readonly DeviceArray[]) => layerNorms(paths, await this.packers.weights.unpack(packs));
    return { gradients: await norms(gradients), weights: await norms(this.#state.parameters) };
  }

  async #accumulate(microBatches: readonly MicroBatch[], signal?: AbortSignal) {
    const { parameters, spectralVectors: vectors } = this.#state;
    const metrics: BatchMetrics<Float32Array>[] = [];
    let gradients = await this.accumulation?.start();
    let spectralVectors: SpectralVectors<DeviceArray>[] | undefined;
    for (const { batch, noise } of microBatches) {
      if (signal?.aborted) {
        if (gradients) this.accumulation!.leave(gradients);
        if (spectralVectors) free(spectralVectors);
        throw signal.reason;
      }
      const accumulated = gradients ? [gradients] : [];
      const result = await this.gradients.run(parameters, vectors, batch, noise, ...accumulated);
      if (gradients) this.accumulation!.leave(gradients);
      if (spectralVectors) free(spectralVectors);
      gradients = result.gradients;
      spectralVectors = result.spectralVectors;
      metrics.push(result.metrics);
    }
    return { gradients: gradients!, spectralVectors: spectralVectors!, metrics };
  }

  /** A copy of parts of the state on the host. */
  read<Part extends keyof TrainingState<unknown>>(
    ...parts: readonly Part[]
  ): Promise<Pick<TrainingState<Float32Array>, Part>> {
    return this.#lifetime.during(() => this.#read(parts));
  }

  async #read<Part extends keyof TrainingState<unknown>>(
    parts: readonly Part[],
  ): Promise<Pick<TrainingState<Float32Array>, Part>> {
    const result: Partial<TrainingState<Float32Array>> = {};
    for (const part of parts) Object.assign(result, { [part]: await this.#readPart(part) });
    return result as Pick<TrainingState<Float32Array>, Part>;
  }

  async #readPart(part: keyof TrainingState<unknown>) {
    if (part === "spectralVectors") {
      const vectors = this.#state.spectralVectors;
      return rebuild(vectors, await Promise.all(leaves(vectors).map((array) => array.read())));
    }
    const { weights, moments } = this.packers;
    const specs = this.#specs.parameters;
    if (part !== "moments") return rebuild(specs, await weights.unpack(this.#state[part]));
    const read = Object.entries(this.#state.moments).map(
      async ([name, packs]) => [name, rebuild(specs, await moments.unpack(packs))] as const,
    );
    return Object.fromEntries(await Promise.all(read));
  }

  /** Frees the state and the programs, at any moment: a step under way is rejected. Calling it again is harmless. */
  dispose(): Promise<void> {
    return this.#lifetime.end(async (settled) => {
      const programs = [this.gradients, this.accumulation, this.update, this.packers.weights, this.packers.moments];
      await Promise.all(programs.map((program) => program?.dispose()));
      await settled(); // of two states, the one that a step ended with is held
      free(this.#state);
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

function free(arrays: readonly DeviceArray[] | SpectralVectors<DeviceArray>[] | DeviceState): void {
  for (const array of leaves(arrays)) array.dispose();
}

/** Means over the micro-batches, which are equally large. */
function meansOf(metrics: readonly BatchMetrics<Float32Array>[]) {
  const mean = (of: (metric: BatchMetrics<Float32Array>) => number) =>
    metrics.reduce((sum, metric) => sum + of(metric), 0) / metrics.length;
  return {
    lossNats: mean(({ lossNats }) => lossNats[0]),
    distortionNats: mean(({ distortionNats }) => distortionNats[0]),
    klNats: mean(({ klNats }) => klNats[0]),
    klWeightedNats: mean(({ klWeightedNats }) => klWeightedNats[0]),
    spectral: mean(({ spectral }) => spectral[0]),
    groupKlNats: Array.from(metrics[0].groupKlNats, (_, group) => mean(({ groupKlNats }) => groupKlNats[group])),
  };
}
