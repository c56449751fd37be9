/** @file Looking at a model while it is trained: the bound on images, and pictures, with the EMA weights. */
import { type Config, microBatchOf } from "../../config/index.js";
import type { Images } from "../../data/image-set.js";
import { type ImageSet, take, takeFirst, takeSpread } from "../../data/index.js";
import {
  type BoundProgram,
  compileBound,
  type HeldOutBound,
  measureBound,
  reconstructMeans,
} from "../../inference/measures/held-out-bound.js";
import { fromBytes } from "../../inference/pictures.js";
import { areaDownsample } from "../../inference/programs/low-resolution.js";
import { compilePriorPass } from "../../inference/programs/prior-pass.js";
import { drawSamples, priorKind } from "../../inference/sampling/sampler.js";
import type { Trainer } from "../trainer.js";
import { summarise } from "./run-folder.js";

/** Images of each set that the bound is measured on, from time to time. */
const MEASURED = 256;
/** Pictures of one grid: eight columns. */
const SAMPLES = 64;
const RECONSTRUCTIONS = 16;
/** Images at once, at most: programs for more take memory that training needs. */
const LARGEST_BATCH = 32;

type PriorProgram = Awaited<ReturnType<typeof compilePriorPass>>;

/** Compiles its programs when they are first needed; their weights are the trainer's, where they lie. */
export class Observer {
  #bound: Promise<BoundProgram> | undefined;
  #prior: Promise<PriorProgram> | undefined;
  readonly #batch: number;

  constructor(
    private readonly trainer: Trainer,
    private readonly data: { train: ImageSet; validation: ImageSet },
  ) {
    this.#batch = Math.min(LARGEST_BATCH, microBatchOf(trainer.config.training));
  }

  /**
   * The bound on held-out images and on as many training images, taken from all of the set; the same images and noise every time.
   *
   * @throws the signal's reason when aborted
   */
  async measure(signal?: AbortSignal): Promise<{ split: "validation" | "train"; bound: HeldOutBound }[]> {
    const { config } = this.trainer;
    const { train, validation } = this.data;
    const count = Math.min(MEASURED, train.count, validation.count || train.count);
    const options = { count, seed: config.training.seed, batch: this.#batch, signal };
    const results: { split: "validation" | "train"; bound: HeldOutBound }[] = [];
    if (validation.count > 0) {
      results.push({
        split: "validation",
        bound: await measureBound(await this.#boundProgram(signal), config, takeFirst(validation, count), options),
      });
    }
    const bound = await measureBound(await this.#boundProgram(signal), config, takeSpread(train, count), options);
    results.push({ split: "train", bound });
    return results;
  }

  /**
   * Samples of one fixed noise; the first held-out images and their reconstructions.
   *
   * @throws the signal's reason when aborted
   */
  async pictures(signal?: AbortSignal): Promise<{ samples: Images; originals: Images; reconstructions: Images }> {
    const { config } = this.trainer;
    const { seed } = config.training;
    const images = this.data.validation.count > 0 ? this.data.validation : this.data.train;
    const originals = takeFirst(images, RECONSTRUCTIONS);
    const reconstructions = await reconstructMeans(await this.#boundProgram(signal), config, originals, {
      count: originals.count,
      seed,
      batch: this.#batch,
      signal,
    });
    const small = config.model.superResolution ? smallImages(config, images) : undefined;
    const samples = await drawSamples(await this.#priorProgram(signal), config, summarise(this.data.train), {
      count: SAMPLES,
      seed,
      batch: this.#batch,
      lowResolution: small,
      signal,
    });
    return { samples, originals, reconstructions };
  }

  #boundProgram(signal?: AbortSignal): Promise<BoundProgram> {
    signal?.throwIfAborted(); // compiling takes long, and what is to be saved waits for it
    const { config, runtime } = this.trainer;
    this.#bound ??= compileBound(config, this.#batch, () => this.trainer.ema, runtime);
    return this.#bound;
  }

  #priorProgram(signal?: AbortSignal): Promise<PriorProgram> {
    signal?.throwIfAborted();
    const { config, runtime } = this.trainer;
    this.#prior ??= compilePriorPass(config, this.#batch, priorKind(config, {}), () => this.trainer.ema, runtime);
    return this.#prior;
  }

  /** Frees the programs. */
  async dispose(): Promise<void> {
    for (const program of [this.#bound, this.#prior]) {
      const compiled = await program?.catch(() => undefined); // whoever wanted it knows
      await compiled?.dispose();
    }
  }
}

/** What a super-resolution model enlarges for the grid of samples: real images made small, repeated where they are few. */
function smallImages({ model }: Config, set: ImageSet): Float32Array {
  const indices = Array.from({ length: SAMPLES }, (_, i) => i % set.count);
  const { images, resolution } = take(set, indices);
  return areaDownsample(fromBytes(images), resolution, model.levels[0].resolution);
}
