/** @file Whether a model can draw what is asked of it. */
import type { ModelConfig } from "../config/index.js";
import { UserError } from "../errors.js";
import { groups } from "../model/groups.js";
import type { Latents } from "./latents.js";

/** How many samples, and what is given for each of them. */
interface SamplingRequest {
  count: number;
  samples?: readonly number[];
  latents?: Latents;
  labels?: Int32Array;
  lowResolution?: Float32Array;
}

/**
 * Checks what is asked of a model.
 *
 * @throws UserError when labels, noise or a low-resolution input do not fit it
 */
export function checkSampling(model: ModelConfig, options: SamplingRequest): void {
  const { count, samples, latents, labels, lowResolution } = options;
  if (!Number.isInteger(count) || count < 1)
    throw new UserError("out-of-range", `Expected at least one image to draw, got ${count}.`);
  if (samples && samples.length !== count) {
    throw new UserError(
      "wrong-shape",
      `Expected the number of a sample for each of ${count} images, got ${samples.length}.`,
    );
  }
  const sizes = groups(model).map(({ channels, resolution }) => count * channels * resolution ** 2);
  if (latents && !sizes.every((size, group) => latents[group]?.length === size)) {
    throw new UserError(
      "wrong-shape",
      `Expected noise of ${sizes.length} latent groups for ${count} images, ${sizes.join(", ")} values, got ${latents.map(({ length }) => length).join(", ")}.`,
    );
  }
  if (labels && model.classes === 0) {
    throw new UserError(
      "missing-classes",
      "Labels need a model with classes; this one knows none. Sample without labels.",
    );
  }
  if (labels && labels.length !== count) {
    throw new UserError("wrong-shape", `Expected a label for each of ${count} images, got ${labels.length}.`);
  }
  const badLabel = labels?.find((label) => label < 0 || label > model.classes);
  if (badLabel !== undefined) {
    throw new UserError(
      "out-of-range",
      `Expected labels from 0 to ${model.classes - 1} (${model.classes}: no label), got ${badLabel}.`,
    );
  }
  const low = model.levels[0].resolution;
  const expected = model.superResolution ? count * 3 * low ** 2 : 0;
  if ((lowResolution?.length ?? 0) !== expected) {
    const what = model.superResolution
      ? `a super-resolution model needs ${count} images of ${low}×${low} pixels to enlarge (${expected} values)`
      : "only a super-resolution model takes images to enlarge";
    throw new UserError("wrong-shape", `Sampling: ${what}, got ${lowResolution?.length ?? 0} values.`);
  }
}
