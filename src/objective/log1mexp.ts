/** @file ln(1 − e^{−x}): the log of a difference of two probabilities whose logs differ by x. */
import { numpy as np } from "@jax-js/jax";

/** Below this the argument is taken as this: keeps ln 0 = −∞ and its gradient out. */
const LEAST = 1e-30;

/**
 * ln(1 − e^{−x}) for x > 0 to float32 accuracy, value and gradient finite for every x ≥ 0:
 *
 *     ln x − x/2 + x²/24 − x⁴/2880 + x⁶/181440     x ≤ 1, since ln(1 − e^{−x}) = −x/2 + ln 2 sinh(x/2)
 *     ln(1 − e^{−x})                               x > 1
 *
 * @param x - any shape, at least 0 (below 1e-30 counts as 1e-30); consumed
 */
export function log1mexp(x: np.Array): np.Array {
  const small = np.clip(x.ref, LEAST, 1); // each branch only ever sees its own range, so neither spoils a gradient
  const square = np.square(small.ref);
  const series = square.ref
    .mul(1 / 181440)
    .sub(1 / 2880)
    .mul(square.ref)
    .add(1 / 24)
    .mul(square);
  const near = np.log(small.ref).sub(small.mul(0.5)).add(series);
  const far = np.log(np.exp(np.maximum(x.ref, 1).neg()).neg().add(1));
  return np.where(np.less(x, 1), near, far);
}
