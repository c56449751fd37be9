/** @file Random numbers that a program draws by key: those of `src/random`, bit for bit, but for the rounding of float32. */
import { numpy as np } from "@jax-js/jax";
import { materialise, threefry, twiceArtanh } from "./primitives.js";
import { sizeOf } from "./spec.js";

/** First counter word of keys made from keys, and of draws. */
const [FOLD, DRAW] = [0, 1];

const WORD = 2 ** 32;

/** A quarter turn, of angles on a scale of 2³². */
const QUARTER = 2 ** 30;

const int32 = (...values: number[]): np.Array => np.array(Int32Array.from(values));

/**
 * An independent key for a number: threefry(key, [0, number]). Borrows the keys.
 *
 * @param keys - int32 [N, 2]
 * @returns int32 [N, 2]
 */
export const foldIn = (keys: np.Array, number: number): np.Array =>
  threefry(keys.ref, int32(FOLD, number), 1).reshape(keys.shape);

/**
 * Standard normal numbers by the Box–Muller transform, for words w as signed integers:
 *
 *     z_2n = √(−2 ln u) cos 2πv        z_2n+1 = √(−2 ln u) sin 2πv        u = (w_2n + ½) / 2³² mod 1, v = w_2n+1 / 2³²
 *
 * With x = |w_2n + ½| / 2³², at most ½, u is x or 1 − x, and no digit of it is lost near either end. A sine is the cosine
 * of an angle a quarter turn less, taken off while it is an integer. Consumes the keys.
 *
 * @param keys - int32 [N, 2]
 * @param shape - of what each key draws
 * @returns float32 [N, …shape]
 */
export function normal(keys: np.Array, shape: readonly number[]): np.Array {
  const [rows] = keys.shape;
  const size = sizeOf(shape);
  const pairs = Math.ceil(size / 2);
  const [first, second] = np.split(threefry(keys, int32(DRAW, 0), pairs), 2, 2); // [N, pairs, 1]
  const nats = minusLogUniform(first.astype(np.float32));
  const turns = second.sub(int32(0, QUARTER)).astype(np.float32); // [N, pairs, 2], scaled by 2³²
  const drawn = np.sqrt(nats.mul(2)).mul(np.cos(turns.mul((2 * Math.PI) / WORD)));
  const wanted = drawn.reshape([rows, 2 * pairs]).slice([], [0, size]);
  return materialise(wanted.reshape([rows, ...shape]));
}

/** −ln u, of u as above. Consumes the words. */
function minusLogUniform(words: np.Array): np.Array {
  const nearZero = np.less(0, words.ref.add(0.5));
  const x = np.absolute(words.add(0.5)).mul(1 / WORD);
  const farFromOne = np.log(x.ref).neg();
  const nearOne = twiceArtanh(x.ref.div(x.neg().add(2))); // −ln(1 − x)
  return np.where(nearZero, farFromOne, nearOne);
}
