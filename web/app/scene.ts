/** @file From settings to the pictures on screen: one recipe each. */
import { labelsOfSamples } from "../../src/latents/labels.js";
import type { ModelSummary, Origin, PictureRecipe, Recipe } from "./backend.js";
import type { Settings } from "./settings.js";

/** Names of the images that were dropped, where they are encoded. */
export interface SceneImages {
  origin?: string;
  end?: string;
}

/** What the grid shows. */
export type SceneKind = "samples" | "variations" | "path";

export const sceneKind = ({ origin, end }: Settings): SceneKind =>
  origin === null ? "samples" : end === null ? "variations" : "path";

/** Weights of the guidance pad, in both directions. */
export const PAD_WEIGHTS = [0, 0.5, 1, 2, 4] as const;

/** Weights of a refinement's guidance that are offered. */
export const REFINED_WEIGHTS: readonly number[] = [0, 0.5, 1, 2, 3, 5];

/** The refinement's guidance weight; undefined where it does not draw: not at all, or not what comes of an image. */
export function refinedWeight(
  { refined, origin, end }: Settings,
  { refinement, classes }: ModelSummary,
): number | undefined {
  if (refinement === null || refined === "off" || origin === "image" || end === "image") return undefined;
  return classes.length > 0 ? (refined ?? refinement.shown.guidance) : 0;
}

/**
 * The pictures of the grid, row by row; none while an image that they come of is not encoded yet.
 *
 * @param images - those that were dropped
 */
export function gridPictures(settings: Settings, model: ModelSummary, images: SceneImages): PictureRecipe[] {
  const { side, seed, keep } = settings;
  const count = side ** 2;
  const numbers = Array.from({ length: count }, (_, index) => index);
  const origin = originOf(settings.origin, images.origin);
  const end = originOf(settings.end, images.end);
  const kind = sceneKind(settings);
  const draw = (recipe: Recipe, own?: number) => picture(settings, model, recipe, own);
  if (kind === "samples") {
    const labels = sampleLabels(settings, model, seed, numbers);
    return numbers.map((sample) => draw({ kind: "origin", origin: { seed, sample } }, labels?.[sample]));
  }
  if (!origin || (kind === "path" && !end)) return [];
  const label = labelOf(settings, model, origin);
  if (kind === "variations") {
    const recipe = (number: number): Recipe => ({ kind: "variation", origin, keep, seed, number });
    return numbers.map((index) => draw(index === 0 ? { kind: "origin", origin } : recipe(index - 1), label));
  }
  const endLabel = labelOf(settings, model, end!);
  return numbers.map((step) => {
    const recipe: Recipe = { kind: "between", from: origin, to: end!, position: step / (count - 1), groups: keep };
    return draw(recipe, 2 * step < count ? label : endLabel); // each has the label of the nearer end
  });
}

/**
 * One picture, the origin or the first of the grid, at every weight of guidance: of the refinement where that draws, and else at
 * every pair of weights of the prior, rows of the variance.
 */
export function padPictures(settings: Settings, model: ModelSummary, images: SceneImages): PictureRecipe[] {
  const [first] = gridPictures({ ...settings, end: null, side: 2 }, model, images);
  if (!first || model.classes.length === 0 || first.label === model.classes.length) return [];
  if (first.refined !== undefined) return REFINED_WEIGHTS.map((refined) => ({ ...first, refined }));
  return PAD_WEIGHTS.flatMap((variance) => PAD_WEIGHTS.map((mean) => ({ ...first, guidance: { mean, variance } })));
}

function picture(settings: Settings, model: ModelSummary, recipe: Recipe, label?: number): PictureRecipe {
  const { seed, temperature, guidance } = settings;
  const heat = Object.entries(temperature).map(([resolution, value]) => ({
    resolution: Number(resolution),
    temperature: value,
  }));
  const refined = refinedWeight(settings, model);
  const guided = (guidance.mean !== 0 || guidance.variance !== 0) && label !== undefined && refined === undefined;
  return {
    recipe,
    seed,
    ...(label === undefined ? {} : { label }),
    ...(heat.length > 0 ? { temperature: heat } : {}),
    ...(guided ? { guidance } : {}),
    ...(refined === undefined ? {} : { refined }),
  };
}

function originOf(origin: Settings["origin"], image: string | undefined): Origin | undefined {
  if (origin === "image") return image === undefined ? undefined : { image };
  return origin ?? undefined;
}

/** Labels of samples; undefined for models without classes. */
function sampleLabels({ label }: Settings, model: ModelSummary, seed: number, samples: readonly number[]) {
  const { classes } = model;
  if (classes.length === 0) return undefined;
  if (label !== null) return samples.map(() => label);
  return [...labelsOfSamples(model, classes.length, samples, seed)];
}

/** The label of a picture that others come of. */
function labelOf(settings: Settings, model: ModelSummary, origin: Origin): number | undefined {
  if ("image" in origin) return model.classes.length > 0 ? (settings.label ?? undefined) : undefined;
  return sampleLabels(settings, model, origin.seed, [origin.sample])?.[0];
}

/** The name of a label, for people. */
export const labelName = (label: number | undefined, { classes }: ModelSummary): string | undefined =>
  label === undefined ? undefined : (classes[label] ?? "no label");

/**
 * The most groups whose information fits into so many bits.
 *
 * @param klNats - of every group
 */
export function groupsWithin(bits: number, klNats: readonly number[]): number {
  let left = bits * Math.LN2;
  const first = klNats.findIndex((nats) => {
    left -= nats;
    return left < -1e-9;
  });
  return first < 0 ? klNats.length : first;
}

/** Bits of the first groups. */
export const bitsOf = (klNats: readonly number[], groups = klNats.length): number =>
  klNats.slice(0, groups).reduce((sum, nats) => sum + nats, 0) / Math.LN2;
