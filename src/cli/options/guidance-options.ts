/** @file Guidance weights, from text. */
import { UserError } from "../../errors.js";
import type { Guidance } from "../../latents/per-group.js";
import { parsePerResolution } from "./per-resolution.js";

/**
 * Guidance weights from text.
 *
 * @param words - one "MEAN,VARIANCE", or one "RESOLUTION:MEAN,VARIANCE" for each resolution to guide, also joined by ";"; one
 *   weight instead of two is both
 * @param option - its name, for messages
 */
export function parseGuidance(words: readonly string[], option = "--guidance"): Guidance {
  return parsePerResolution(words, {
    option,
    form: "MEAN,VARIANCE",
    example: "1.5,5",
    read: (text) => {
      const [mean, variance = mean, ...more] = text.split(",").map(numberOf);
      return more.length === 0 && Number.isFinite(mean) && Number.isFinite(variance) ? { mean, variance } : undefined;
    },
  });
}

/** Weights of the mean, one a row, and of the variance, one a column. */
export interface WeightGrid {
  means: number[];
  variances: number[];
}

/** More pictures than this are no grid that anybody looks at. */
const LARGEST_GRID = 400;

/**
 * Two lists of weights from text: "0,1,2" "0,2,5".
 *
 * @throws UserError when they are something else, or too long
 */
export function parseWeightGrid(words: readonly string[]): WeightGrid {
  const lists = words.map((word) => word.split(",").map(numberOf));
  if (lists.length !== 2 || lists.some((list) => !list.every(Number.isFinite))) {
    throw new UserError(
      "invalid-options",
      `--guidance-grid ${words.join(" ")}: expected two lists of weights, of the mean and of the variance, such as 0,1,2 0,2,5.`,
    );
  }
  const [means, variances] = lists;
  const count = means.length * variances.length;
  if (count > LARGEST_GRID) {
    throw new UserError(
      "too-large",
      `--guidance-grid: expected at most ${LARGEST_GRID} pairs of weights, got ${count}.`,
    );
  }
  return { means, variances };
}

/**
 * Weights from text: "0,0.5,1".
 *
 * @throws UserError when one of them is no number
 */
export function parseWeights(text: string, option: string): number[] {
  const weights = text.split(",").map(numberOf);
  if (!weights.every(Number.isFinite)) {
    throw new UserError("invalid-options", `${option} ${text}: expected weights separated by commas, such as 0,0.5,1.`);
  }
  return weights;
}

/** NaN for what is no number, nothing included. */
const numberOf = (text: string | undefined): number =>
  text === undefined || text.trim() === "" ? Number.NaN : Number(text);
