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
import type { LatentNoise } from "../latents/noise.js";
import { Lifetime } from "../lifetime.js";
import type { ModelParameters } from "../model/index.js";
import type { ModelInputs } from "../objective/auto-encode.js";
import type { SpectralVectors } from "../objective/loss.js";
import { type Accumulation, createAccumulation } from "./accumulation.js";
import {
  type BatchMetrics,
  compileGradients,
  type GradientsProgram,
  microBatchesOf,
  spectralVectorSpecs,
} from "./gradients.js";
import { type LayerNorm, layerNorms } from "./layer-norms.js";
import { optimizerOf } from "./optimizer/optimizers.js";
import { momentsOf, type OptimizerState } from "./optimizer/update.js";
import type { Counters } from "./run/counters.js";
import type { Reduction } from "./shared-step.js";
import { type Accumulated, createStepEnd, type DeviceState, free, type Outcome, type StepEnd } from "./step-end.js";
import { sumInTree } from "./tree-sum.js";

/** Everything a run resumes from, besides its counters. */
export interface TrainingState<T> extends OptimizerState<ModelParameters<T>> {
  spectralVectors: SpectralVectors<T>[];
}

/** Weights, their average and their gradients are packed by the one, moments, which may be of another type, by the other. */
interface Packers {
  weights: Packer;
  moments: Packer;
}

/** What one micro-batch is computed from, on the host. */
export interface MicroBatch<Noise = LatentNoise<Float32Array | Int32Array>> {
  batch: ModelInputs<Float32Array | Int32Array>;
  noise: Noise;
}

/** What a step says of itself; nats per image, means over the batch. */
export interface StepReport extends Outcome {
  /** Of the skip that ends training alone, since they take a copy of all gradients and weights. */
  layers?: { gradients: LayerNorm[]; weights: LayerNorm[] };
}

/** A step that the device has been asked for. */
export interface BegunStep {
  /** Waits for the device; reports are asked for in the order of the steps. */
  report(): Promise<StepReport>;
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
  /** The gradients of steps whose report has not been asked for. */
  readonly #reportsDue = new Set<readonly DeviceArray[]>();
  readonly #specs: TrainingState<Spec>;
  readonly #lifetime = new Lifetime("This trainer");

  private constructor(
    readonly config: Config,
    readonly runtime: Runtime,
    readonly counters: Counters,
    private readonly gradients: GradientsProgram,
    /** Absent when a batch is one micro-batch. */
    private readonly accumulation: Accumulation | undefined,
    private readonly stepEnd: StepEnd,
    private readonly reduction: Reduction,
    private readonly packers: Packers,
    state: DeviceState,
  ) {
    this.#specs = stateSpecs(config);
    this.#state = state;
  }

  /**
   * Compiles the programs and copies the state to the device.
   *
   * @param reduction - that of the ranks that make each step together; default: there is one
   * @throws UserError when the device cannot keep moments in the configured type
   */
  static async create(
    config: Config,
    runtime: Runtime,
    counters: Counters,
    state: TrainingState<Float32Array>,
    reduction: Reduction = (accumulate) => accumulate(),
  ) {
    if (!runtime.traits.bfloat16 && config.optimizer.stateType !== "float32") {
      throw new UserError(
        "invalid-options",
        `Expected optimizer.stateType=float32 on ${runtime.device}, got ${config.optimizer.stateType}, which it cannot keep ` +
          'moments in. Train with `device: "cpu"`, or leave the setting out.',
      );
    }
    const packing = weightPacking(parameterSpecs(config), runtime.traits);
    const [gradients, accumulation, stepEnd, weights, moments] = await Promise.all([
      compileGradients(config, runtime),
      microBatchesOf(config) > 1 ? createAccumulation(config, runtime) : undefined,
      createStepEnd(config, runtime, counters.updates),
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
      stepEnd,
      reduction,
      { weights, moments },
      onDevice,
    );
  }

  /** The moving average of the weights, packed, as it is now; gone after the next step. */
  get ema(): readonly DeviceArray[] {
    return this.#state.ema;
  }

  /** Batches that steps have begun with. */
  get begun(): number {
    return this.counters.step + this.#reportsDue.size;
  }

  /** How many steps may begin before the report of an earlier one has been asked for. Amid skips, which may end training, none. */
  get ahead(): number {
    const { consecutiveSkips } = this.counters;
    return this.runtime.traits.queues && consecutiveSkips + 1 < this.config.training.maxConsecutiveSkips ? 1 : 0;
  }

  /** Sees one batch, and waits for the report. */
  async step(microBatches: readonly MicroBatch[], signal?: AbortSignal): Promise<StepReport> {
    return (await this.begin(microBatches, signal)).report();
  }

  /**
   * Begins to see one batch: gradients of its micro-batches, then an update, or none when the skip rule says so. A skipped batch
   * leaves nothing behind but the counters, which the report renews; after `training.maxConsecutiveSkips` of them in a row the
   * report has the norms of every layer. An aborted batch leaves nothing at all: it is seen again from its start.
   *
   * @throws the signal's reason when it is aborted before the last micro-batch has begun
   */
  begin(microBatches: readonly MicroBatch[], signal?: AbortSignal): Promise<BegunStep> {
    return this.#lifetime.during(() => this.#begin(microBatches, signal));
  }

  async #begin(microBatches: readonly MicroBatch[], signal?: AbortSignal): Promise<BegunStep> {
    const accumulated = await this.reduction(() => this.#accumulate(microBatches, signal));
    const { gradients } = accumulated;
    const { state, outcome } = await this.stepEnd.end(this.#state, accumulated, this.counters.updates);
    this.#state = state;
    this.#reportsDue.add(gradients);
    return { report: () => this.#lifetime.during(() => this.#report(outcome, gradients)) };
  }

  /** What became of a step, which counts from now on. */
  async #report(
    outcome: (updates: number) => Promise<Outcome>,
    gradients: readonly DeviceArray[],
  ): Promise<StepReport> {
    const { training } = this.config;
    const { counters } = this;
    const found = await outcome(counters.updates);
    counters.step++;
    counters.images += training.batchSize;
    if (found.skipped) {
      counters.skips++;
      counters.consecutiveSkips++;
    } else {
      counters.updates++;
      counters.consecutiveSkips = 0;
    }
    const layers =
      counters.consecutiveSkips >= training.maxConsecutiveSkips ? await this.#layers(gradients) : undefined;
    this.#reportsDue.delete(gradients);
    free(gradients);
    return { ...found, ...(layers ? { layers } : {}) };
  }

  async #layers(gradients: readonly DeviceArray[]) {
    const paths = entries(this.#specs.parameters).map(([path]) => path);
    const norms = async (packs: readonly DeviceArray[]) => layerNorms(paths, await this.packers.weights.unpack(packs));
    return { gradients: await norms(gradients), weights: await norms(this.#state.parameters) };
  }

  /** The mean of the gradients of micro-batches, and what they leave beside it. */
  async #accumulate(microBatches: readonly MicroBatch[], signal?: AbortSignal): Promise<Accumulated> {
    const { parameters, spectralVectors: vectors } = this.#state;
    const { accumulation } = this;
    const metrics: BatchMetrics<Float32Array | DeviceArray>[] = [];
    let spectralVectors: SpectralVectors<DeviceArray>[] | undefined;
    const leave = (sum: readonly DeviceArray[]) => accumulation?.leave(sum);
    const leaf = async (index: number, before?: readonly DeviceArray[]) => {
      signal?.throwIfAborted();
      const { batch, noise } = microBatches[index];
      const sum = before ?? (await accumulation?.start());
      const result = await this.gradients.run(parameters, vectors, batch, noise, ...(sum ? [sum] : []));
      if (sum) leave(sum);
      if (spectralVectors) free(spectralVectors);
      spectralVectors = result.spectralVectors;
      metrics.push(result.metrics);
      return result.gradients;
    };
    try {
      const add: Accumulation["add"] = (sum, other) => accumulation!.add(sum, other);
      const gradients = await sumInTree<readonly DeviceArray[]>(microBatches.length, { leaf, add, discard: leave });
      return { gradients, spectralVectors: spectralVectors!, metrics };
    } catch (error) {
      if (spectralVectors) free(spectralVectors);
      throw error;
    }
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
      const { gradients, accumulation, stepEnd, packers } = this;
      const programs = [gradients, accumulation, stepEnd, packers.weights, packers.moments];
      await Promise.all(programs.map((program) => program?.dispose()));
      await settled(); // of two states, the one that a step ended with is held
      free(this.#state);
      this.#reportsDue.forEach(free);
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}
