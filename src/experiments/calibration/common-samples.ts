/**
 * @file Features of the same samples at different settings: sample i always has the same noise and label (common random
 * numbers), so that settings differ by what they do, and not by luck.
 */
import type { ExecutionOptions } from "../../inference/execution-options.js";
import { type FirstLatents, Sampler } from "../../inference/sampling/sampler.js";
import type { TrainedModel } from "../../inference/trained-model.js";
import type { FeatureExtractor } from "../../quality/features/extractor.js";
import { streamSamples } from "../../quality/image-streams.js";
import { likeliest } from "../../quality/metrics/accuracy.js";
import { type CalibratedSampling, samplerOptionsOf } from "./settings.js";

/** Settings whose features are kept: the more samples of one are drawn after the few. */
const KEPT_FEATURES = 16;
/** Samplers that are kept; each pattern of guided groups is a program of its own, with the weights in it. */
const KEPT_SAMPLERS = 3;

/** What was seen of samples. */
export interface SeenSamples {
  /** [count, width] */
  rows: Float32Array;
  /** [count]: whether the classifier takes a sample for its label; length 0 where features tell no classes of the model. */
  recognised: Uint8Array;
}

export interface CommonSamplesOptions extends ExecutionOptions {
  model: TrainedModel;
  extractor: FeatureExtractor;
  /** Draws the first groups. Default: the model's prior draws all. */
  refinement?: FirstLatents;
  /** Images made at once. */
  batch?: number;
}

export class CommonSamples implements AsyncDisposable {
  readonly #seen = new Map<string, SeenSamples>();
  readonly #samplers = new Map<string, Sampler>();

  constructor(private readonly options: CommonSamplesOptions) {}

  /**
   * The first `count` samples of a seed at these settings.
   *
   * @param onDrawn - told how many of those that have not been drawn before are
   * @throws NonFiniteOutputError when the model overflows at these settings; the signal's reason when aborted
   */
  async see(
    sampling: CalibratedSampling,
    { seed, count }: { seed: number; count: number },
    onDrawn: (drawn: number) => void = () => {},
  ): Promise<SeenSamples> {
    const { width } = this.options.extractor;
    const key = JSON.stringify([seed, sampling]);
    const before = this.#seen.get(key) ?? { rows: new Float32Array(0), recognised: new Uint8Array(0) };
    const known = before.rows.length / width;
    const seen = known < count ? await this.#extend(before, sampling, { seed, first: known, count }, onDrawn) : before;
    refresh(this.#seen, key, seen, KEPT_FEATURES);
    return { rows: seen.rows.subarray(0, count * width), recognised: seen.recognised.subarray(0, count) };
  }

  /** What was seen of the samples before `first`, and of those from there up to `count`. */
  async #extend(
    before: SeenSamples,
    sampling: CalibratedSampling,
    { seed, first, count }: { seed: number; first: number; count: number },
    onProgress: (drawn: number) => void,
  ): Promise<SeenSamples> {
    const { model, extractor, signal } = this.options;
    const { width, classes = 0 } = extractor;
    const tellsClasses = classes > 0 && classes === model.config.model.classes;
    const rows = new Float32Array(count * width);
    rows.set(before.rows);
    const recognised = [...before.recognised];
    const samples = Array.from({ length: count - first }, (_, index) => first + index);
    const sampler = await this.#samplerFor(sampling);
    const options = { count: samples.length, samples, seed, signal, onProgress, ...samplerOptionsOf(sampling) };
    let filled = first;
    for await (const part of streamSamples(sampler, options).parts) {
      const { pooled, logits } = await extractor.extract(part, signal);
      rows.set(pooled, filled * width);
      filled += part.count;
      if (!tellsClasses) continue;
      const isRight = (label: number, row: number) =>
        likeliest(logits!.subarray(row * classes, (row + 1) * classes)) === label ? 1 : 0;
      recognised.push(...Array.from(part.labels, isRight));
    }
    return { rows, recognised: Uint8Array.from(recognised) };
  }

  async #samplerFor({ guidance }: CalibratedSampling): Promise<Sampler> {
    const { model, batch, runtime } = this.options;
    const refinement = this.options.refinement && shared(this.options.refinement);
    const pattern = guidance.map(({ resolution }) => resolution).join();
    const sampler = this.#samplers.get(pattern) ?? new Sampler(model, { batch, runtime, refinement });
    await refresh(this.#samplers, pattern, sampler, KEPT_SAMPLERS)?.dispose();
    return sampler;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const sampler of this.#samplers.values()) await sampler.dispose();
  }
}

/** What draws first latents for several samplers, none of which disposes it. */
export const shared = (first: FirstLatents): FirstLatents => ({
  groups: first.groups,
  draw: (noise, how) => first.draw(noise, how),
  dispose: async () => {},
});

/** Puts an entry last in a map of the latest ones; returns what has to make room for it. */
function refresh<T>(map: Map<string, T>, key: string, value: T, most: number): T | undefined {
  map.delete(key);
  map.set(key, value);
  if (map.size <= most) return undefined;
  const [oldest, forgotten] = map.entries().next().value!;
  map.delete(oldest);
  return forgotten;
}
