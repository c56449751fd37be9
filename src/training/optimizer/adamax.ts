/** @file Adamax: Adam with the infinity norm (Kingma & Ba 2015, §7.1), the paper's optimizer (App. B). */
import { numpy as np } from "@jax-js/jax";
import { moduleBeside, type Optimizer, type OptimizerConstants } from "./optimizer.js";

/** Step size α / (1 − β₁^(t+1)) of update `t`, counted from 0: the learning rate with the bias of the first moment taken out. */
export function adamaxStepSize(learningRate: number, t: number, { beta1 }: Pick<OptimizerConstants, "beta1">): number {
  return learningRate / (1 - beta1 ** (t + 1));
}

/**
 * One update of a parameter p by its gradient g, with s of {@link adamaxStepSize}:
 *
 *     m ← β₁ m + (1 − β₁) g        u ← max(β₂ u, |g| + ε)        p ← p − s m / u
 *
 * ε stands inside the maximum, so a parameter that has had no gradient does not move and nothing divides by 0.
 */
export const adamax: Optimizer<"firstMoment" | "infinityNorm", "stepSize"> = {
  moments: ["firstMoment", "infinityNorm"],
  scalars: (learningRate, t, constants) => ({ stepSize: adamaxStepSize(learningRate, t, constants) }),
  update: ({ parameter, moments: { firstMoment, infinityNorm } }, g, { stepSize }, { beta1, beta2, epsilon }) => {
    const m = firstMoment.mul(beta1).add(g.ref.mul(1 - beta1));
    const u = np.maximum(infinityNorm.mul(beta2), np.maximum(g.ref, g.neg()).add(epsilon));
    const p = parameter.sub(m.ref.div(u.ref).mul(stepSize.ref));
    return { parameter: p, moments: { firstMoment: m, infinityNorm: u } };
  },
  inPlace: () => moduleBeside("adamax-in-place"),
};
