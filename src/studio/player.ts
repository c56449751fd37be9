/** @file One model of a studio, loaded and compiled: draws pictures by their recipes, and encodes images. */
import { randomBytes } from "node:crypto";
import { decodeImage } from "../data/decoding/decode.js";
import type { Runtime } from "../engine/index.js";
import { UserError } from "../errors.js";
import { calibrationFolder } from "../experiments/calibration/settings.js";
import { shownSettings } from "../experiments/calibration/shown-settings.js";
import { toRgba } from "../inference/picture-files.js";
import { Cascade } from "../inference/sampling/cascade.js";
import { ImageEncoder } from "../inference/sampling/encode-latents.js";
import { type ImageSampler, Sampler } from "../inference/sampling/sampler.js";
import { parameterSpecs, type TrainedModel } from "../inference/trained-model.js";
import { concatenateLatents, type Latents } from "../latents/latents.js";
import { drawnTogether, latentsOfRecipe, type PictureRecipe, sampleOf } from "../latents/recipe.js";
import { countParameters } from "../model/index.js";
import { findRefinement, type Refinement } from "../refinement/refinement.js";
import { refinementFolder } from "../refinement/refinement-config.js";
import { listCheckpoints } from "../training/run/checkpoint.js";
import { openRun } from "../training/run/open-run.js";
import { runPaths } from "../training/run/run-folder.js";
import type { StudioRun } from "./catalogue.js";
import type { RefinementSummary } from "./protocol.js";

/** Images that are kept encoded; the oldest goes first. */
const MOST_IMAGES = 32;
/** Models of more parameters draw fewer pictures at once, so that the first are soon there. */
const LARGE = 20e6;

/** Pictures of one model, uint8 [N, R, R, 4]. */
export interface DrawnPictures {
  rgba: Uint8Array;
  resolution: number;
}

/** A model that is ready. */
export class Player implements AsyncDisposable {
  readonly batch: number;
  readonly #sampler: Sampler;
  readonly #refined: Sampler | undefined;
  readonly #encoder: ImageEncoder;
  readonly #images = new Map<string, Latents>();

  private constructor(
    readonly model: TrainedModel,
    private readonly refined: { refinement: Refinement; summary: RefinementSummary } | undefined,
    /** Step of the refinement that lay there, whether or not it is of these weights. */
    readonly refinementStep: number | undefined,
    runtime: Runtime,
  ) {
    this.batch = countParameters(parameterSpecs(model.config)) > LARGE ? 4 : 16;
    this.#sampler = new Sampler(model, { batch: this.batch, runtime });
    if (refined) {
      this.#refined = new Sampler(model, { batch: this.batch, runtime, refinement: refined.refinement });
    }
    this.#encoder = new ImageEncoder(model, { batch: 1, runtime });
  }

  /**
   * Loads the newest checkpoint of a run, and its refinement where it has one for it.
   *
   * @throws what `openRun` throws
   */
  static async open({ folder }: StudioRun, runtime: Runtime): Promise<Player> {
    const model = await openRun(folder);
    const step = (await listCheckpoints(runPaths(refinementFolder(folder)).checkpoints)).at(-1);
    const refinement = await findRefinement(model, folder);
    if (!refinement) return new Player(model, undefined, step, runtime);
    const { guidance, temperature } = await shownSettings(
      model,
      refinement,
      calibrationFolder(folder, { refined: true }),
    );
    const summary = { groups: refinement.groups, shown: { guidance, temperature } };
    return new Player(model, { refinement, summary }, step, runtime);
  }

  /** What the page is told of the refinement. */
  get refinement(): RefinementSummary | null {
    return this.refined?.summary ?? null;
  }

  /**
   * Draws pictures.
   *
   * @param enlarger - enlarges them
   * @throws UserError when a recipe does not fit the model, or names an image that is not kept
   */
  async draw(
    pictures: readonly PictureRecipe[],
    { enlarger, signal }: { enlarger?: Player; signal?: AbortSignal } = {},
  ): Promise<DrawnPictures> {
    const samplerOf = ({ refined }: PictureRecipe) => {
      const own = refined === undefined ? this.#sampler : this.#refined;
      if (!own) throw new UserError("not-found", "This model has no refinement any more. Reload the page.");
      return enlarger ? new Cascade(own, enlarger.#sampler) : own;
    };
    const { resolution } = samplerOf(pictures[0]);
    const size = 4 * resolution ** 2;
    const rgba = new Uint8Array(pictures.length * size);
    for (const indices of drawnTogether(pictures)) {
      const drawn = await this.#sample(
        indices.map((index) => pictures[index]),
        samplerOf(pictures[indices[0]]),
        signal,
      );
      for (const [row, index] of indices.entries()) rgba.set(toRgba(drawn, row).data, index * size);
    }
    return { rgba, resolution };
  }

  async #sample(pictures: readonly PictureRecipe[], sampler: ImageSampler, signal?: AbortSignal) {
    const { model } = this.model.config;
    const labels = pictures.map(({ label }) => label);
    const unguided = { mean: 0, variance: 0 };
    const [{ seed, guidanceRule, temperature }] = pictures;
    return sampler.sample({
      count: pictures.length,
      seed,
      samples: pictures.map(({ recipe }) => sampleOf(recipe)),
      latents: concatenateLatents(pictures.map((each) => latentsOfRecipe(model, each, (name) => this.#image(name)))),
      labels: model.classes > 0 ? Int32Array.from(labels, (label) => label ?? model.classes) : undefined,
      guidances: pictures.some(({ guidance }) => guidance)
        ? pictures.map(({ guidance }) => guidance ?? unguided)
        : undefined,
      guidanceRule,
      refineGuidance:
        pictures[0].refined === undefined || model.classes === 0
          ? undefined
          : pictures.map(({ refined = 0 }) => refined),
      temperature, // of what enlarges; the noise here is given
      signal,
    });
  }

  #image(name: string): Latents {
    const latents = this.#images.get(name);
    if (latents) return latents;
    throw new UserError("not-found", "This image is not kept any more. Drop it here again.");
  }

  /**
   * Encodes an image file.
   *
   * @throws UserError when it is no image that is read, or the label is none of the model
   */
  async encode(file: Uint8Array, { label, seed, signal }: { label?: number; seed: number; signal?: AbortSignal }) {
    const { resolution, classes } = this.model.config.model;
    if (classes > 0 && label === undefined)
      throw new UserError("missing-classes", "Expected the class of the image: this model encodes both together.");
    const images = await decodeImage(file, resolution).catch((error: Error) => {
      throw new UserError("damaged", `This file cannot be read as an image: ${error.message}.`);
    });
    const pictures = { images, count: 1, resolution, labels: classes > 0 ? Int32Array.of(label!) : undefined };
    const { latents, groupKlNats } = await this.#encoder.encode(pictures, { seed, signal });
    const image = randomBytes(12).toString("hex");
    this.#images.set(image, latents);
    for (const oldest of [...this.#images.keys()].slice(0, -MOST_IMAGES)) this.#images.delete(oldest);
    return { image, groupKlNats: groupKlNats.map(([nats]) => nats), rgba: toRgba(pictures).data };
  }

  /** Forgets an encoded image. */
  release(image: string): void {
    this.#images.delete(image);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sampler.dispose();
    await this.#refined?.dispose();
    await this.#encoder[Symbol.asyncDispose]();
  }
}
