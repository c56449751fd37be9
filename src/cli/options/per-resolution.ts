/** @file Settings for all groups, or by resolution, from text: "1.5,5", or "32:1.5,5" "16:1,3". */
import { UserError } from "../../errors.js";

/** How one setting is written. */
export interface Notation<T> {
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
export function parsePerResolution<T extends object>(
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
