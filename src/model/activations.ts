/**
 * @file The activation functions, in forms whose values and gradients stay finite for every finite input.
 *
 * jax-js's own overflow or give NaN gradients beyond ±88. Each is a jitted function under the name of its formula, by
 * which the engine recognises it and runs one fused operation instead.
 */
import { jit, numpy as np } from "@jax-js/jax";

/** exp of more than this overflows float32. */
const LARGEST_EXPONENT = 80;

/** Odd coefficients 1, 1/3, 1/5, … of artanh: enough of them for float32 on [0, 1/3]. */
const ARTANH = [1, 3, 5, 7, 9, 11, 13, 15].map((power) => 1 / power);

/** 1 / (1 + e^{−x}), constant below −80. Consumes x. */
const logistic = (x: np.Array): np.Array => np.reciprocal(np.exp(np.minimum(x.neg(), LARGEST_EXPONENT)).add(1));

/** σ(x) = 1 / (1 + e^{−x}). Consumes x, any shape. */
export const sigmoid = jit(function sigmoid(x: np.Array): np.Array {
  return logistic(x);
});

/** swish(x) = x σ(x). Consumes x, any shape. */
export const swish = jit(function swish(x: np.Array): np.Array {
  return x.ref.mul(logistic(x));
});

/**
 * softplus(x) = ln(1 + e^x) = m + ln(1 + u) with m = max(x, 0) and u = e^{−|x|} = e^{x − 2m}, to float32 accuracy in both
 * tails: ln(1 + u) = 2 artanh(u / (2 + u)), since a plain logarithm of 1 + u would lose every u below 6e-8.
 * Consumes x, any shape.
 */
export const softplus = jit(function softplus(x: np.Array): np.Array {
  const positive = np.maximum(x.ref, 0);
  const u = np.exp(x.sub(positive.ref.mul(2)));
  const s = u.ref.div(u.add(2)); // in [0, 1/3]
  const square = np.square(s.ref);
  let series = square.ref.mul(ARTANH[ARTANH.length - 1]).add(ARTANH[ARTANH.length - 2]);
  for (let i = ARTANH.length - 3; i >= 0; i--) series = series.mul(square.ref).add(ARTANH[i]);
  square.dispose();
  return positive.add(s.mul(series).mul(2));
});
