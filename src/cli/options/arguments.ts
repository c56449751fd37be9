/** @file Values on the command line, from text: each parser refuses what it does not expect, and commander names the option. */
import { availableParallelism } from "node:os";
import { InvalidArgumentError } from "commander";
import { formatCount } from "../../number-format.js";

/** A whole number from `least` to `most`. */
export const wholeNumber =
  (least: number, most = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = Number(text);
    const whole = /^\d+$/.test(text);
    if (!whole || value < least || value > most) {
      const limited = most < Number.MAX_SAFE_INTEGER || (whole && value > most);
      const limit = limited ? `to ${formatCount(most)}` : "up";
      throw new InvalidArgumentError(`Expected a whole number from ${least} ${limit}.`);
    }
    return value;
  };

/** Far more images than anybody draws or measures at a time; a slip of the finger has more. */
const MOST_IMAGES = 10_000_000;

/** A number of images, `least` or more. */
export const imageCount = (least: number) => wholeNumber(least, MOST_IMAGES);

/** Images made at once: more of them are no faster, and take the memory. */
export const batchSize = wholeNumber(1, 4096);

/** Threads of the engine: more than cores are slower, and thousands bring the machine down. */
export const threadCount = wholeNumber(1, Math.max(64, 2 * availableParallelism()));

/** A finite number above `least`, or equal to it where `inclusive`, and up to `most`. */
export const numberAbove =
  (least: number, { inclusive = false, most = Number.MAX_VALUE } = {}) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() === "" || !(value >= least && value <= most) || (value === least && !inclusive)) {
      const from = inclusive ? "from" : "above";
      const limit = most < Number.MAX_VALUE ? ` up to ${formatCount(most)}` : inclusive ? " up" : "";
      throw new InvalidArgumentError(`Expected a number ${from} ${least}${limit}.`);
    }
    return value;
  };

/** Minutes of a run: up to twenty years. */
export const minutes = numberAbove(0, { most: 10_000_000 });

/** Collects the values of an option that may be given several times, or several at a time. */
export const collect = (text: string, before: string[] = []): string[] => [...before, text];

/** Different whole numbers, separated by commas. */
export function wholeNumbers(text: string): number[] {
  const values = text.split(",").map(wholeNumber(0));
  if (new Set(values).size < values.length) throw new InvalidArgumentError("Expected different numbers.");
  return values;
}
