/** @file Whether a run mirrors its images: as its configuration says, except where that makes other images of them. */
import type { Config } from "../../config/index.js";
import type { ImageSet } from "../../data/index.js";
import { chiralClasses } from "../../data/mirroring.js";

/** Classes that a message names. */
const NAMED = 5;

/**
 * The configuration with flips off where the images cannot be mirrored.
 *
 * @returns and what the user should know of it
 */
export function settleFlips(
  config: Config,
  { name, mirrorable, classes }: Pick<ImageSet, "name" | "mirrorable" | "classes">,
): { config: Config; notice?: string } {
  if (!config.training.flips) return { config };
  if (mirrorable === false) {
    const notice = `The images of ${name} mean something else in a mirror: training.flips is off.`;
    return { config: { ...config, training: { ...config.training, flips: false } }, notice };
  }
  const chiral = chiralClasses(classes);
  if (chiral.length === 0) return { config };
  const names = chiral.slice(0, NAMED).join(", ") + (chiral.length > NAMED ? ", …" : "");
  const notice = `Images are mirrored half of the time, but classes ${names} may read differently in a mirror. If they do, set training.flips=false.`;
  return { config, notice };
}
