/** @file Ancestral sampling from the prior: latent groups from the lowest resolution up, then the picture. */
import type { Config } from "../../config/index.js";
import type { Images } from "../../data/image-set.js";
import type { Operand, Runtime } from "../../engine/index.js";
import { UserError } from "../../errors.js";
import { checkSampling } from "../../latents/check-sampling.js";
import { labelsOfSamples } from "../../latents/labels.js";
import { type Latents, latentsOfSamples } from "../../latents/latents.js";
import { normalNoise, stream, uniformNoise } from "../../latents/noise.js";
import {
  type Guidance,
  type GuidanceRule,
  type GuidanceWeights,
  guidanceOfImages,
  guidanceWeights,
  guidedGroups,
  type Temperature,
} from "../../latents/per-group.js";
import { Lifetime } from "../../lifetime.js";
import { groups } from "../../model/index.js";
import { type Portion, rows, runPortions } from "../batches.js";
import { DEFAULT_BATCH, type ExecutionOptions } from "../execution-options.js";
import { toBytes } from "../pictures.js";
import type { ModelProgram } from "../programs/compiled.js";
import { addNoise } from "../programs/low-resolution.js";
import { type OutputKind, outputNoise, shownAs } from "../programs/output.js";
import { compilePriorPass, type PriorInputs, type PriorKind, type PriorOutputs } from "../programs/prior-pass.js";
import type { DataSummary, TrainedModel } from "../trained-model.js";

/** Draws the latents of a model's first groups in place of its prior, which draws the others as if these had been its own. */
export interface FirstLatents {
  /** How many groups. */
  readonly groups: number;
  /**
   * The latents that noise stands for. An image's depend on its own noise and label alone.
   *
   * @param noise - of these groups, standard normal, temperature included, [N, Z, r, r] each
   * @param how - `labels` [N] in models with classes, `classes` meaning no label; `guidance` weights [N] where they were
   *   asked for; `runtime` of the sampler
   * @returns of the same shapes
   */
  draw(noise: readonly Float32Array[], how: FirstLatentsOptions): Promise<Float32Array[]>;
  dispose(): Promise<void>;
}

/** What the first latents of a batch depend on besides their noise. */
export interface FirstLatentsOptions {
  labels?: Int32Array;
  guidance?: readonly number[];
  runtime?: Runtime;
}

/** Draws the pixels of pictures, given what the decoder says of them, in place of the model's output layer. */
export interface PixelDraws {
  /**
   * The pixels of N pictures. A picture's depend on the decoder's word on it and on its own noise alone.
   *
   * @param decoded - the decoder's last features, [N, C, R, R], and its mean, [N, 3, R, R]
   * @param how - `noise` uniform in (0, 1), [N, 4, R, R]; `runtime` of the sampler
   * @returns [N, 3, R, R], exact byte levels in [-1, 1]
   * @throws the signal's reason when aborted
   */
  draw(
    decoded: { features: Float32Array; mean: Float32Array },
    how: ExecutionOptions & { noise: Float32Array },
  ): Promise<Float32Array>;
  dispose(): Promise<void>;
}

/** How a {@link Sampler} works. */
export interface SamplerOptions extends Pick<ExecutionOptions, "runtime"> {
  /** Images made at once; default 16. A sample does not depend on it. */
  batch?: number;
  /** Draws the first groups, as `openRefinement` gives it; disposed with the sampler. Default: the model's prior draws all. */
  refinement?: FirstLatents;
  /** Draws the pixels, as `openHead` gives it; disposed with the sampler. Default: the model's output layer says what is shown. */
  head?: PixelDraws;
}

/** What to draw: how many samples, of which seed, label, temperature and guidance. */
export interface SampleOptions extends Pick<ExecutionOptions, "signal"> {
  count: number;
  /** Sample `i` of a seed is the same whatever `count` and `batch` are. Default 0. */
  seed?: number;
  /** Which samples of the seed these are, [count]; default 0 … count − 1. */
  samples?: readonly number[];
  /** Noise of every group, [count, Z, r, r], temperature included, instead of that of the samples. */
  latents?: Latents;
  /** Factor on the noise that is drawn; `latents` stay as they are. Default 1. */
  temperature?: Temperature;
  guidance?: Guidance;
  /** That of each image instead, [count]. */
  guidances?: readonly Guidance[];
  /** How guidance combines the prior with label and the prior without it. Default `extrapolate`. */
  guidanceRule?: GuidanceRule;
  /** Guidance weight of the sampler's refinement, of all images or of each, [count]. Default: that it was opened with. */
  refineGuidance?: number | readonly number[];
  /** The predicted mean (default), or a draw from the output distribution. A mixture of logistics is always drawn. */
  output?: OutputKind;
  /** [count], each below the number of classes, or equal to it for "no label". Default: drawn in the training set's proportions. */
  labels?: Int32Array;
  /** [count, 3, r, r] in [-1, 1]: what a super-resolution model enlarges; noise is added here. */
  lowResolution?: Float32Array;
  onProgress?: (done: number, count: number) => void;
}

/** What guidance had to do. */
export interface GuidanceReport {
  /** Values that guidance would have carried beyond all bounds, and that were clamped. */
  clamped: number;
  /** Latent dimensions in which the guided prior does not exist, as can be with the rule `product`, of all that were guided. */
  invalid: number;
  guidedDimensions: number;
}

/** Pictures drawn from a model, with their labels. */
export interface Samples extends Images, GuidanceReport {
  /** [count]; length 0 when the model knows no classes. */
  labels: Int32Array;
}

/** Samples as the model gives them. */
export interface SampleValues extends GuidanceReport {
  /** [count, 3, R, R], unclipped: where the model is sure, in [-1, 1]. */
  values: Float32Array;
  labels: Int32Array;
}

/** What makes images: a model, or a cascade of two. */
export interface ImageSampler {
  /** Of the images, pixels. */
  readonly resolution: number;
  sample(options: SampleOptions): Promise<Samples>;
  /** Frees the compiled programs, at any moment: what is being drawn is rejected. Calling it again is harmless. */
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

type PriorProgram = ModelProgram<PriorInputs<Operand>, PriorOutputs<Float32Array>>;

/** Draws images from a trained model. Its weights become constants of the compiled program, which is the fast path. */
export class Sampler implements ImageSampler {
  readonly batch: number;
  readonly resolution: number;
  readonly runtime: Runtime | undefined;
  readonly refinement: FirstLatents | undefined;
  readonly head: PixelDraws | undefined;
  readonly #programs = new Map<string, Promise<PriorProgram>>();
  readonly #lifetime = new Lifetime("This sampler");

  /** Compiles nothing yet: each program, plain, guided or drawn from the output distribution, when it is first needed. */
  constructor(
    readonly model: TrainedModel,
    { batch = DEFAULT_BATCH, runtime, refinement, head }: SamplerOptions = {},
  ) {
    this.batch = batch;
    this.refinement = refinement;
    this.head = head;
    this.resolution = model.config.model.resolution;
    this.runtime = runtime;
  }

  /**
   * Draws images.
   *
   * @throws UserError when labels, guidance, temperature or a low-resolution input do not fit the model
   * @throws the signal's reason when aborted
   */
  sample(options: SampleOptions): Promise<Samples> {
    const { config, data } = this.model;
    return this.#lifetime.during(async () =>
      drawSamples(await this.#programFor(options), config, data, this.#asked(options)),
    );
  }

  /** Draws images as numbers, for further computation; see `sample`. */
  values(options: SampleOptions): Promise<SampleValues> {
    return this.#lifetime.during(() => this.#values(options));
  }

  async #values(options: SampleOptions): Promise<SampleValues> {
    const { config, data } = this.model;
    const size = 3 * config.model.resolution ** 2;
    const values = new Float32Array(options.count * size);
    const program = await this.#programFor(options);
    const drawn = await drawPortions(program, config, data, this.#asked(options), (portion, first) => {
      values.set(portion, first * size);
    });
    return { values, ...drawn };
  }

  #asked(options: SampleOptions): DrawingOptions {
    const { batch, refinement, head, runtime } = this;
    return { ...options, batch, refinement, head, runtime };
  }

  async #programFor(options: SampleOptions): Promise<PriorProgram> {
    checkSampling(this.model.config.model, options);
    if (options.refineGuidance !== undefined && !this.refinement)
      throw new UserError("invalid-options", "Expected a sampler with a `refinement` for `refineGuidance`, got none.");
    return this.#program(priorKind(this.model.config, this.#asked(options)));
  }

  #program(kind: PriorKind): Promise<PriorProgram> {
    const key = JSON.stringify(kind);
    const known = this.#programs.get(key);
    if (known) return known;
    const { config, parameters } = this.model;
    const program = compilePriorPass(config, this.batch, kind, parameters, this.runtime);
    this.#programs.set(key, program);
    program.catch(() => this.#programs.delete(key));
    return program;
  }

  dispose(): Promise<void> {
    return this.#lifetime.end(async () => {
      const dispose = (program: PriorProgram) => program.dispose();
      await Promise.all([...this.#programs.values()].map((program) => program.then(dispose, () => {}))); // who wanted it knows
      await Promise.all([this.refinement?.dispose(), this.head?.dispose()]);
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

/** What to draw, how many images at once, and what draws the first groups and the pixels. */
type DrawingOptions = SampleOptions & Required<Pick<SamplerOptions, "batch">> & Omit<SamplerOptions, "batch">;

/** The program that these options need. Without any weight that is not 0, guidance is none; groups that are given have none. */
export function priorKind(
  { model, objective }: Pick<Config, "model" | "objective">,
  {
    guidance,
    guidances,
    guidanceRule: rule = "extrapolate",
    output = "mean",
    refinement,
    head,
  }: Partial<DrawingOptions>,
): PriorKind {
  const given = refinement?.groups ?? 0;
  const weighted = (guidances ?? (guidance ? [guidance] : [])).map((each) =>
    guidedGroups(guidanceWeights(each, model, rule)),
  );
  const guided = (weighted[0] ?? []).map((_, index) => index >= given && weighted.some((groups) => groups[index]));
  return {
    ...(guided.includes(true) ? { guidance: { rule, guided } } : {}),
    drawn: !head && shownAs(objective, output) === "sample",
    ...(given > 0 ? { given } : {}),
    ...(head ? { features: true } : {}),
  };
}

/**
 * Draws images with a program of `compilePriorPass`, whose kind is that of the options; see `Sampler.sample`.
 *
 * @param batch - the program's
 */
export async function drawSamples(
  program: PriorProgram,
  config: Pick<Config, "model" | "objective">,
  data: DataSummary,
  options: DrawingOptions,
): Promise<Samples> {
  const { count } = options;
  const { resolution } = config.model;
  const size = 3 * resolution ** 2;
  const images = new Uint8Array(count * size);
  const drawn = await drawPortions(program, config, data, options, (values, first) => {
    toBytes(values, images, first * size);
  });
  return { images, count, resolution, ...drawn };
}

/** The same a batch at a time; `take` gets [n, 3, R, R] and the index of the first. */
async function drawPortions(
  program: PriorProgram,
  config: Pick<Config, "model" | "objective">,
  data: DataSummary,
  options: DrawingOptions,
  take: (values: Float32Array, first: number) => void,
): Promise<GuidanceReport & { labels: Int32Array }> {
  checkSampling(config.model, options);
  const {
    count,
    batch,
    seed = 0,
    temperature,
    refinement,
    refineGuidance,
    head,
    runtime,
    signal,
    onProgress,
  } = options;
  const { model, objective } = config;
  const all = groups(model);
  const samples = options.samples ?? Array.from({ length: count }, (_, index) => index);
  const labels =
    model.classes > 0 ? (options.labels ?? labelsOfSamples(data, model.classes, samples, seed)) : new Int32Array(0);
  const { guidance, drawn } = priorKind(config, options);
  const weightsOf = guidance && weightsByImage(options, model, guidance.rule);
  const size = 3 * model.resolution ** 2;
  const inputsOf = async (indices: readonly number[]): Promise<PriorInputs<Operand>> => {
    const drawnAs = indices.map((index) => samples[index]);
    const noise =
      options.latents?.map((values) => rows(values, indices, values.length / count)) ??
      latentsOfSamples(model, drawnAs, { seed, temperature });
    const own = model.classes > 0 ? rows(labels, indices, 1) : undefined;
    const guidance = refineGuidance === undefined ? undefined : indices.map((index) => at(refineGuidance, index));
    const first = refinement
      ? await refinement.draw(noise.slice(0, refinement.groups), { labels: own, guidance, runtime })
      : [];
    const weights = weightsOf?.(indices);
    return {
      latents: [...first, ...noise.slice(first.length)],
      ...(own ? { labels: weights ? Int32Array.of(...own, ...own.map(() => model.classes)) : own } : {}),
      ...(model.superResolution
        ? { lowResolution: noisySmall(config, options.lowResolution!, indices, drawnAs, seed) }
        : {}),
      ...(drawn ? { output: outputNoise(objective, stream(seed, "sampleOutput"), drawnAs, model.resolution) } : {}),
      ...(weights ? { weights } : {}),
    };
  };
  let clamped = 0;
  let invalid = 0;
  const begin = async ({ indices }: Portion) => {
    const result = await program.run(await inputsOf(indices));
    if (!head) return result;
    const drawnAs = indices.map((index) => samples[index]);
    const noise = uniformNoise(stream(seed, "headPixels"), drawnAs, 4 * model.resolution ** 2);
    const decoded = { features: result.features!, mean: result.images };
    return { ...result, images: await head.draw(decoded, { noise, runtime, signal }) };
  };
  for await (const { first, used, result } of runPortions(count, batch, begin, { signal, onProgress, runtime })) {
    take(result.images.subarray(0, used * size), first);
    clamped += sum(result.clamped.subarray(0, used));
    invalid += sum(result.invalid.subarray(0, used));
  }
  const guided = all.filter(({ index }) => guidance?.guided[index]);
  const dimensions = sum(guided.map(({ channels, resolution }) => channels * resolution ** 2));
  return { labels, clamped, invalid, guidedDimensions: count * dimensions };
}

/** The value of one image. */
const at = (values: number | readonly number[], index: number): number =>
  typeof values === "number" ? values : values[index];

/** The guidance weights of some of the images, by index. */
function weightsByImage(
  { guidance, guidances }: SampleOptions,
  model: Config["model"],
  rule: GuidanceRule,
): (indices: readonly number[]) => GuidanceWeights {
  if (!guidances) {
    const weights = guidanceWeights(guidance!, model, rule);
    return (indices) => guidanceOfImages(weights, indices.length);
  }
  const each = guidances.map((own) => guidanceWeights(own, model, rule));
  const rowsOf = (kind: keyof GuidanceWeights, indices: readonly number[]) =>
    Float32Array.from(indices.flatMap((index) => [...each[index][kind]]));
  return (indices) => ({ mean: rowsOf("mean", indices), variance: rowsOf("variance", indices) });
}

const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);

function noisySmall(
  { model }: Pick<Config, "model">,
  small: Float32Array,
  indices: readonly number[],
  samples: readonly number[],
  seed: number,
) {
  const low = model.levels[0].resolution;
  const [noise] = normalNoise(stream(seed, "sampleLowResolution"), samples, [[3, low, low]]);
  return addNoise(rows(small, indices, 3 * low ** 2), noise, model.superResolution!.noise);
}

/** What the images of a portion take of options that have an entry for every image. */
export function partOf(
  { count, samples, labels, latents, guidances, refineGuidance }: SampleOptions,
  { first, used }: Portion,
) {
  return {
    count: used,
    guidances: guidances?.slice(first, first + used),
    refineGuidance: typeof refineGuidance === "object" ? refineGuidance.slice(first, first + used) : refineGuidance,
    samples: Array.from({ length: used }, (_, row) => samples?.[first + row] ?? first + row),
    labels: labels?.subarray(first, first + used),
    latents: latents?.map((noise) => {
      const size = noise.length / count;
      return noise.subarray(first * size, (first + used) * size);
    }),
  };
}
