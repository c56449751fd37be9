/** @file `--temperature`, from text. */
import { UserError } from "../errors.js";
import type { Temperature } from "../generation/temperature.js";

/**
 * A temperature from text.
 *
 * @param words - one "T" for all groups, or one "RESOLUTION:T" for each resolution whose temperature is not 1
 * @throws UserError when they are something else
 */
export function parseTemperature(words: string[]): Temperature {
  const refuse = (expected: string): never => {
    throw new UserError(`--temperature ${words.join(" ")}: expected ${expected}.`);
  };
  const parsed = words.map((word) => {
    const match = /^(?:(\d+):)?(\d+\.?\d*|\.\d+)$/.exec(word);
    if (!match) return refuse("T such as 0.7, from 0 up, or RESOLUTION:T such as 32:0.7");
    return { resolution: match[1] === undefined ? undefined : Number(match[1]), temperature: Number(match[2]) };
  });
  const pairs = parsed.flatMap(({ resolution, temperature }) =>
    resolution === undefined ? [] : [{ resolution, temperature }],
  );
  if (new Set(pairs.map(({ resolution }) => resolution)).size < pairs.length) return refuse("each resolution once");
  if (pairs.length === parsed.length) return pairs;
  return parsed.length === 1 ? parsed[0].temperature : refuse("one T alone, or RESOLUTION:T throughout");
}
