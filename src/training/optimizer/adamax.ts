/** @file Adamax with a moving average of the weights: one functional update of a training state (paper App. B). */
import { type JsTree, numpy as np, tree } from "@jax-js/jax";

/**
 * What an update reads and renews: trees of arrays, alike in structure, order of keys and shapes. The moments start at 0, the
 * average as a copy of the parameters.
 */
export interface OptimizerState<Tree> {
  parameters: Tree;
  /** Moving average of the parameters, used for all evaluation. */
  ema: Tree;
  /** m: moving average of the gradient. */
  firstMoment: Tree;
  /** u: decayed maximum of the gradient's size. */
  infinityNorm: Tree;
}

/** The constants of the rule, as the configuration has them. */
export interface AdamaxConstants {
  beta1: number;
  beta2: number;
  epsilon: number;
}

/** Step size α / (1 − β₁^(t+1)) of update `t`, counted from 0: the learning rate with the bias of the first moment taken out. */
export function adamaxStepSize(learningRate: number, t: number, { beta1 }: AdamaxConstants): number {
  return learningRate / (1 - beta1 ** (t + 1));
}

/**
 * One update of every parameter p by its gradient g (Kingma & Ba 2015, §7.1), then of the moving average e with decay d:
 *
 *     m ← β₁ m + (1 − β₁) g        u ← max(β₂ u, |g| + ε)        p ← p − s m / u        e ← e + (1 − d) (p − e)
 *
 * ε stands inside the maximum, so a parameter that has had no gradient does not move and nothing divides by 0.
 *
 * @param state - consumed
 * @param gradients - same structure; consumed
 * @param scalars - `stepSize` s of {@link adamaxStepSize} and `emaDecay` d, both scalars, changing from step to step; consumed
 * @throws TypeError when a tree of the state is built unlike the gradients, which would pair parameters with the wrong ones
 */
export function adamaxUpdate<Tree>(
  state: OptimizerState<Tree>,
  gradients: Tree,
  { stepSize, emaDecay }: { stepSize: np.Array; emaDecay: np.Array },
  { beta1, beta2, epsilon }: AdamaxConstants,
): OptimizerState<Tree> {
  const [gradientLeaves, structure] = tree.flatten(gradients as JsTree<np.Array>);
  const leavesOf = (name: keyof OptimizerState<Tree>) => {
    const [leaves, found] = tree.flatten(state[name] as JsTree<np.Array>);
    if (!found.equals(structure)) {
      throw new TypeError(`adamaxUpdate: ${name} must have the gradients' structure ${structure}, got ${found}`);
    }
    return leaves;
  };
  const [parameters, ema] = [leavesOf("parameters"), leavesOf("ema")];
  const [moments, norms] = [leavesOf("firstMoment"), leavesOf("infinityNorm")];
  const emaRate = emaDecay.neg().add(1); // 1 − d
  const updated = gradientLeaves.map((g, i) => {
    const m = moments[i].mul(beta1).add(g.ref.mul(1 - beta1));
    const u = np.maximum(norms[i].mul(beta2), np.maximum(g.ref, g.neg()).add(epsilon));
    const p = parameters[i].sub(m.ref.div(u.ref).mul(stepSize.ref));
    const e = ema[i].ref.add(p.ref.sub(ema[i]).mul(emaRate.ref));
    return { p, e, m, u };
  });
  stepSize.dispose();
  emaRate.dispose();
  const collect = (name: "p" | "e" | "m" | "u") =>
    tree.unflatten(
      structure,
      updated.map((leaf) => leaf[name]),
    ) as Tree;
  return { parameters: collect("p"), ema: collect("e"), firstMoment: collect("m"), infinityNorm: collect("u") };
}
