/** @file Adam on arrays in memory, in place: what `adam.ts` computes, each number rounded once. The runtime's thread imports it. */
import type { InPlaceUpdate } from "./optimizer.js";

/**
 *     m ← β₁ m + (1 − β₁) g      v ← β₂ v + (1 − β₂) g²      p ← p − s m / (√(c v) + ε)      e ← e + (1 − d) (p − e)
 *
 * @param arrays - p, e, m, v and g, equally long; all but g are renewed
 */
const adamInPlace: InPlaceUpdate<"stepSize" | "correction"> = (
  [p, e, m, v, g],
  { stepSize, correction, emaDecay, beta1, beta2, epsilon },
) => {
  const emaRate = 1 - emaDecay;
  for (let i = 0; i < p.length; i++) {
    const gradient = g[i];
    const average = e[i];
    const moment = beta1 * m[i] + (1 - beta1) * gradient;
    const square = beta2 * v[i] + (1 - beta2) * gradient * gradient;
    const parameter = p[i] - (moment / (Math.sqrt(correction * square) + epsilon)) * stepSize;
    m[i] = moment;
    v[i] = square;
    p[i] = parameter;
    e[i] = average + (parameter - average) * emaRate;
  }
};

export default adamInPlace;
