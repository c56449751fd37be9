/**
 * @file Adamax on arrays in memory, in place: what `adamax.ts` computes, each number rounded once.
 *
 * ONNX Runtime's JavaScript binding copies every result into a new array, which for a whole training state takes longer than
 * the update. Where arrays are ordinary memory this loop renews them; the runtime's thread imports it.
 */
import type { InPlaceUpdate } from "./optimizer.js";

/**
 *     m ← β₁ m + (1 − β₁) g        u ← max(β₂ u, |g| + ε)        p ← p − s m / u        e ← e + (1 − d) (p − e)
 *
 * @param arrays - p, e, m, u and g, equally long; all but g are renewed
 */
const adamaxInPlace: InPlaceUpdate<"stepSize"> = ([p, e, m, u, g], { stepSize, emaDecay, beta1, beta2, epsilon }) => {
  const fresh = 1 - beta1;
  const emaRate = 1 - emaDecay;
  for (let i = 0; i < p.length; i++) {
    const gradient = g[i];
    const average = e[i];
    const moment = beta1 * m[i] + fresh * gradient;
    const norm = Math.max(beta2 * u[i], Math.abs(gradient) + epsilon);
    const parameter = p[i] - (moment / norm) * stepSize;
    m[i] = moment;
    u[i] = norm;
    p[i] = parameter;
    e[i] = average + (parameter - average) * emaRate;
  }
};

export default adamaxInPlace;
