/** @file Adam (Kingma & Ba 2015, algorithm 1). */
import { numpy as np } from "@jax-js/jax";
import { moduleBeside, type Optimizer } from "./optimizer.js";

/**
 * One update of a parameter p by its gradient g, the bias of both moments taken out at update t, counted from 0:
 *
 *     m ← β₁ m + (1 − β₁) g        v ← β₂ v + (1 − β₂) g²        p ← p − s m / (√(c v) + ε)
 *
 *     s = α / (1 − β₁^(t+1))       c = 1 / (1 − β₂^(t+1))
 */
export const adam: Optimizer<"firstMoment" | "secondMoment", "stepSize" | "correction"> = {
  moments: ["firstMoment", "secondMoment"],
  scalars: (learningRate, t, { beta1, beta2 }) => ({
    stepSize: learningRate / (1 - beta1 ** (t + 1)),
    correction: 1 / (1 - beta2 ** (t + 1)),
  }),
  update: ({ parameter, moments }, g, { stepSize, correction }, { beta1, beta2, epsilon }) => {
    const m = moments.firstMoment.mul(beta1).add(g.ref.mul(1 - beta1));
    const v = moments.secondMoment.mul(beta2).add(np.square(g).mul(1 - beta2));
    const deviation = np.sqrt(v.ref.mul(correction.ref)).add(epsilon);
    const p = parameter.sub(m.ref.div(deviation).mul(stepSize.ref));
    return { parameter: p, moments: { firstMoment: m, secondMoment: v } };
  },
  inPlace: () => moduleBeside("adam-in-place"),
};
