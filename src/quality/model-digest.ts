/** @file Which model it was: results are saved under the digest of what they were measured of. */
import { createHash } from "node:crypto";
import { leaves } from "../engine/tree.js";
import type { TrainedModel } from "../inference/trained-model.js";

/** Digits of a hash that are enough to tell things apart, and fit on a line. */
export const DIGITS = 16;

/** Of the weights, and of all else that samples depend on. */
export function digestOfModel({ config, parameters, data }: TrainedModel): string {
  const hash = createHash("sha256").update(JSON.stringify([config.model, config.objective, data.classCounts]));
  for (const values of leaves(parameters)) {
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest("hex").slice(0, DIGITS);
}
