/** @file From the values in [-1, 1] that models draw to 8-bit images, and back. */

import { UserError } from "../errors.js";
import { pixelValues } from "../io/pixels.js";

/** A network's output that contains NaN. Other weights or weaker guidance avoid it. */
export class NonFiniteOutputError extends UserError {
  override name = "NonFiniteOutputError";

  constructor(problem: string) {
    super("invalid-values", problem);
  }
}

/**
 * Bytes round(clip((x + 1) · 127.5, 0, 255)) of values in [-1, 1]; the authors truncate, which darkens 95 of 256 levels by one.
 *
 * @throws NonFiniteOutputError when a value is NaN
 */
export function toBytes(values: Float32Array, into = new Uint8Array(values.length), offset = 0): Uint8Array {
  for (let i = 0; i < values.length; i++) {
    if (Number.isNaN(values[i]))
      throw new NonFiniteOutputError(
        "Expected pixels from the model, got NaN: its hidden states have overflowed, as strong guidance or broken weights make them. " +
          "Guide less, or take another checkpoint.",
      );
    into[offset + i] = Math.round(Math.min(Math.max((values[i] + 1) * 127.5, 0), 255));
  }
  return into;
}

/** Values byte / 127.5 − 1 in [-1, 1], as the models take them. */
export function fromBytes(bytes: Uint8Array): Float32Array {
  return Float32Array.from(bytes, (byte) => pixelValues[byte]);
}
