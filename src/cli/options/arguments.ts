/**
 * @file Values on the command line, from text: each parser refuses what it does not expect. Of a single word, commander
 * names the option; of several, our own message does.
 */
import { availableParallelism } from "node:os";
import { InvalidArgumentError } from "commander";
import type { OpenRuntimeOptions } from "../../engine/index.js";
import { UserError } from "../../errors.js";
import type { Guidance, Temperature } from "../../latents/per-group.js";
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

/** A device, by name. */
export function deviceName(text: string): NonNullable<OpenRuntimeOptions["device"]> {
  const known = ["auto", "cpu", "webgpu", "xla"] as const;
  const name = known.find((each) => each === text);
  if (name) return name;
  if (text.startsWith("xla:") && text.length > "xla:".length) return text as `xla:${string}`;
  throw new InvalidArgumentError("Expected auto, cpu, webgpu, xla or xla:PATH.");
}

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

/** A share above 0, up to all. */
export const share = numberAbove(0, { most: 1 });

/** Collects the values of an option that may be given several times, or several at a time. */
export const collect = (text: string, before: string[] = []): string[] => [...before, text];

/** Different whole numbers, separated by commas. */
export function wholeNumbers(text: string): number[] {
  const values = text.split(",").map(wholeNumber(0));
  if (new Set(values).size < values.length) throw new InvalidArgumentError("Expected different numbers.");
  return values;
}

/** How one setting is written. */
interface Notation<T> {
  /** The option's name, for messages, and the form of a setting with an example: "T", "0.7". */
  option: string;
  form: string;
  example: string;
  /** What else is to be known of it: ", from 0 up". */
  limits?: string;
  /** A setting from its text; undefined for what is none. */
  read(text: string): T | undefined;
}

/**
 * One setting for all groups, or one for each resolution that is named.
 *
 * @param words - one setting, or "RESOLUTION:SETTING" for each resolution, also joined by ";"
 * @throws UserError when they are something else
 */
function parsePerResolution<T extends object>(
  words: readonly string[],
  { option, form, example, limits = "", read }: Notation<T>,
): T | ({ resolution: number } & T)[] {
  const refuse = (what: string, expected: string): never => {
    throw new UserError("invalid-options", `${option} ${what}: expected ${expected}.`);
  };
  const parsed = words
    .flatMap((word) => word.split(";"))
    .map((word) => {
      const [, resolution, text] = /^(?:(\d+):)?(.*)$/s.exec(word.trim())!;
      const setting = read(text);
      if (!setting)
        return refuse(word, `${form} such as ${example}${limits}, or RESOLUTION:${form} such as 32:${example}`);
      return { resolution: resolution === undefined ? undefined : Number(resolution), setting };
    });
  const all = words.join(" ");
  const pairs = parsed.flatMap(({ resolution, setting }) =>
    resolution === undefined ? [] : [{ resolution, ...setting }],
  );
  if (new Set(pairs.map(({ resolution }) => resolution)).size < pairs.length) refuse(all, "each resolution once");
  if (pairs.length === parsed.length) return pairs;
  return parsed.length === 1 ? parsed[0].setting : refuse(all, `one ${form} alone, or RESOLUTION:${form} throughout`);
}

/**
 * A temperature from text.
 *
 * @param words - one "T" for all groups, or one "RESOLUTION:T" for each resolution whose temperature is not 1
 * @param option - its name, for messages
 * @throws UserError when they are something else
 */
export function parseTemperature(words: readonly string[], option = "--temperature"): Temperature {
  const parsed = parsePerResolution(words, {
    option,
    form: "T",
    example: "0.7",
    limits: ", from 0 up",
    read: (text) => (/^(\d+\.?\d*|\.\d+)$/.test(text) ? { temperature: Number(text) } : undefined),
  });
  return Array.isArray(parsed) ? parsed : parsed.temperature;
}

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
