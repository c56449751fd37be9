/** @file `--temperature`, from text. */
import type { Temperature } from "../../latents/per-group.js";
import { parsePerResolution } from "./per-resolution.js";

/**
 * A temperature from text.
 *
 * @param words - one "T" for all groups, or one "RESOLUTION:T" for each resolution whose temperature is not 1
 * @throws UserError when they are something else
 */
export function parseTemperature(words: readonly string[]): Temperature {
  const parsed = parsePerResolution(words, {
    option: "--temperature",
    form: "T",
    example: "0.7",
    limits: ", from 0 up",
    read: (text) => (/^(\d+\.?\d*|\.\d+)$/.test(text) ? { temperature: Number(text) } : undefined),
  });
  return Array.isArray(parsed) ? parsed : parsed.temperature;
}
