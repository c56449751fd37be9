/** @file Two models in a browser: the second one enlarges what the first one draws (paper §4.3). */
import { UserError } from "../errors.js";
import { cascadeProblem, type EnlargingOptions, enlargingSettings } from "../latents/cascade.js";
import type { Latents } from "../latents/latents.js";
import {
  type LoadOptions,
  load,
  manifestUrl,
  type WebModel,
  type WebSampleOptions,
  type WebSamples,
} from "./web-model.js";

/** What {@link WebCascade.sample} draws. */
export interface WebCascadeSampleOptions extends Omit<WebSampleOptions, "lowResolution"> {
  /** The noise of the base model's latents, as `decode` takes it; default drawn. */
  latents?: Latents;
}

/** A base model, and a super-resolution model for its pictures. Each computes in a thread of its own. */
export class WebCascade {
  /**
   * @param enlarging - how the second model is sampled, where not as the first
   * @throws UserError when the second model does not fit the first
   */
  constructor(
    readonly base: WebModel,
    readonly enlarger: WebModel,
    readonly enlarging: EnlargingOptions = {},
  ) {
    const problem = cascadeProblem(base.config, enlarger.config);
    if (problem) throw new UserError("wrong-model", `Cascade: ${problem}.`);
  }

  /**
   * Draws images: those of `Cascade` in Node, to ±1 of 255.
   *
   * @throws what `WebModel.sample` throws
   */
  async sample(options: WebCascadeSampleOptions): Promise<WebSamples> {
    const { count, seed, samples, batch, signal, onImages } = options;
    const { config } = this.enlarger;
    const { values, labels } = await this.base.values(options);
    const large = await this.enlarger.sample({
      ...{ count, seed, samples, batch, signal, onImages },
      ...enlargingSettings(options, this.enlarging, config),
      labels: config.classes > 0 ? labels : undefined,
      lowResolution: values,
    });
    return { ...large, labels };
  }

  /** Ends both threads, as `WebModel.dispose` does. */
  dispose(): void {
    this.base.dispose();
    this.enlarger.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** How {@link loadCascade} loads its models. */
export interface LoadCascadeOptions extends LoadOptions, EnlargingOptions {}

/**
 * Loads a model that `strata export --format web --superres RUN` wrote, with the one that enlarges its pictures.
 *
 * @param url - as `load` takes it
 * @throws what `load` throws; UserError when the model was exported alone
 */
export async function loadCascade(url: string | URL, options: LoadCascadeOptions = {}): Promise<WebCascade> {
  const base = await load(url, options);
  try {
    return await cascadeOf(base, url, options);
  } catch (error) {
    base.dispose();
    throw error;
  }
}

/** The same with the base model of that address, which is loaded already and stays so whatever happens. */
export async function cascadeOf(
  base: WebModel,
  url: string | URL,
  { guidance, temperature, ...options }: LoadCascadeOptions = {},
): Promise<WebCascade> {
  const manifest = manifestUrl(url);
  const { enlarger } = base.info;
  if (!enlarger) {
    throw new UserError("wrong-model", `The model at ${manifest.href} was exported alone.`, {
      advice: "Export it with the model that enlarges its pictures: `superres`.",
    });
  }
  const runtime = options.runtime ?? new URL(".", manifest); // there is one copy, of the base model
  const second = await load(new URL(enlarger.path, manifest), { ...options, runtime });
  try {
    return new WebCascade(base, second, { guidance, temperature });
  } catch (error) {
    second.dispose();
    throw error;
  }
}
