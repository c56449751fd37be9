/** @file Values on the command line, from text: each parser refuses what it does not expect, and commander names the option. */
import { InvalidArgumentError } from "commander";

/** A whole number from `least` up. */
export const wholeNumber =
  (least: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || !Number.isSafeInteger(value)) {
      throw new InvalidArgumentError(`Expected a whole number from ${least} up.`);
    }
    return value;
  };

/** A finite number above `least`, or equal to it where `inclusive`. */
export const numberAbove =
  (least: number, { inclusive = false } = {}) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isFinite(value) || value < least || (value === least && !inclusive)) {
      throw new InvalidArgumentError(
        `Expected a number ${inclusive ? "from" : "above"} ${least}${inclusive ? " up" : ""}.`,
      );
    }
    return value;
  };

/** Collects the values of an option that may be given several times, or several at a time. */
export const collect = (text: string, before: string[] = []): string[] => [...before, text];

/** Different whole numbers, separated by commas. */
export function wholeNumbers(text: string): number[] {
  const values = text.split(",").map(wholeNumber(0));
  if (new Set(values).size < values.length) throw new InvalidArgumentError("Expected different numbers.");
  return values;
}
