/** @file The super-resolution cascade: a base model draws small images, a second one enlarges them (paper §4.3). */
import { UserError } from "../../errors.js";
import { cascadeProblem, type EnlargingOptions, enlargingSettings } from "../../latents/cascade.js";
import { checkSampling } from "../../latents/check-sampling.js";
import { labelsOfSamples } from "../../latents/labels.js";
import { Lifetime } from "../../lifetime.js";
import { type Portion, runPortions } from "../batches.js";
import { type ImageSampler, partOf, type SampleOptions, type Sampler, type Samples } from "./sampler.js";

/**
 * Draws images through two models. The base model's output mean, clipped to [-1, 1], gets the noise that the second model was
 * trained with; both see the same labels. The authors do not clip, so that their second model can meet what it never saw.
 */
export class Cascade implements ImageSampler {
  readonly resolution: number;
  readonly #lifetime = new Lifetime("This cascade");

  /**
   * @param base - a sampler of a model that draws what the other one enlarges
   * @param enlarger - a sampler of a super-resolution model
   * @throws UserError when the second model does not fit the first
   */
  constructor(
    readonly base: Sampler,
    readonly enlarger: Sampler,
    readonly enlarging: EnlargingOptions = {},
  ) {
    const problem = cascadeProblem(base.model.config.model, enlarger.model.config.model);
    if (problem) throw new UserError("wrong-model", `Cascade: ${problem}.`);
    this.resolution = enlarger.resolution;
  }

  /**
   * Draws images. The base model's are those that `base.sample` draws with the same options.
   *
   * @throws what `Sampler.sample` throws
   */
  sample(options: SampleOptions): Promise<Samples> {
    return this.#lifetime.during(() => this.#sample(options));
  }

  async #sample(options: SampleOptions): Promise<Samples> {
    const { count, signal, onProgress, ...common } = options;
    const { batch, model, runtime } = this.enlarger;
    const { resolution, classes } = model.config.model;
    checkSampling(this.base.model.config.model, options);
    const labels = options.labels ?? drawnLabels(this.base, options);
    const size = 3 * resolution ** 2;
    const images = new Uint8Array(count * size);
    const guidance = { clamped: 0, invalid: 0, guidedDimensions: 0 };
    const enlarge = async (portion: Portion) => {
      const part = { ...partOf({ ...options, labels }, portion), signal };
      const small = await this.base.values({ ...common, ...part, output: "mean" });
      const large = await this.enlarger.sample({
        seed: options.seed,
        output: options.output,
        guidanceRule: options.guidanceRule,
        count: part.count,
        samples: part.samples,
        labels: classes > 0 ? part.labels : undefined,
        lowResolution: small.values.map((value) => Math.min(Math.max(value, -1), 1)),
        ...enlargingSettings({ ...options, guidances: part.guidances }, this.enlarging, model.config.model),
        signal,
      });
      return { small, large };
    };
    for await (const { first, result } of runPortions(count, batch, enlarge, { signal, onProgress, runtime })) {
      const { small, large } = result;
      images.set(large.images, first * size);
      guidance.clamped += small.clamped + large.clamped;
      guidance.invalid += small.invalid + large.invalid;
      guidance.guidedDimensions += small.guidedDimensions + large.guidedDimensions;
    }
    return { images, count, resolution, labels: labels ?? new Int32Array(), ...guidance };
  }

  /** Disposes both samplers. */
  dispose(): Promise<void> {
    return this.#lifetime.end(async () => {
      await Promise.all([this.base.dispose(), this.enlarger.dispose()]);
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

/** Labels of the samples that are asked for, where the model knows classes. */
function drawnLabels({ model: { config, data } }: Sampler, { count, samples, seed = 0 }: SampleOptions) {
  const { classes } = config.model;
  const numbers = samples ?? Array.from({ length: count }, (_, index) => index);
  return classes > 0 ? labelsOfSamples(data, classes, numbers, seed) : undefined;
}
