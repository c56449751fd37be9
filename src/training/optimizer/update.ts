/** @file One update of a training state by any optimizer: parameters, moments, and the moving average of the parameters. */
import { type JsTree, type numpy as np, tree } from "@jax-js/jax";
import type { Optimizer, OptimizerConstants } from "./optimizer.js";

/**
 * What an update reads and renews: trees of arrays, alike in structure, order of keys and shapes. The moments start at 0, the
 * average as a copy of the parameters.
 */
export interface OptimizerState<Tree> {
  parameters: Tree;
  /** Moving average of the parameters, used for all evaluation. */
  ema: Tree;
  /** What the optimizer remembers, by the names of its `moments`. */
  moments: Record<string, Tree>;
}

/** Numbers that change from update to update: those of the optimizer, and the decay of the moving average. */
export type UpdateScalars<T> = Record<string, T> & { emaDecay: T };

/** One value for every moment of an optimizer. */
export const momentsOf = <T>({ moments }: Pick<Optimizer, "moments">, value: (name: string) => T): Record<string, T> =>
  Object.fromEntries(moments.map((name) => [name, value(name)]));

/**
 * One update of every parameter p by the optimizer, then of the moving average e with decay d:
 *
 *     e ← e + (1 − d) (p − e)
 *
 * @param state - consumed
 * @param gradients - same structure; consumed
 * @param scalars - consumed
 * @throws TypeError when a tree of the state is built unlike the gradients, which would pair parameters with the wrong ones
 */
export function update<Tree>(
  optimizer: Optimizer,
  state: OptimizerState<Tree>,
  gradients: Tree,
  { emaDecay, ...scalars }: UpdateScalars<np.Array>,
  constants: OptimizerConstants,
): OptimizerState<Tree> {
  const [gradientLeaves, structure] = tree.flatten(gradients as JsTree<np.Array>);
  const leavesOf = (name: string, part: Tree) => {
    const [leaves, found] = tree.flatten(part as JsTree<np.Array>);
    if (found.equals(structure)) return leaves;
    throw new TypeError(`update: ${name} must have the gradients' structure ${structure}, got ${found}`);
  };
  const parameters = leavesOf("parameters", state.parameters);
  const ema = leavesOf("ema", state.ema);
  const moments = momentsOf(optimizer, (name) => leavesOf(name, state.moments[name]));
  const emaRate = emaDecay.neg().add(1); // 1 − d
  const updated = gradientLeaves.map((gradient, i) => {
    const before = { parameter: parameters[i], moments: momentsOf(optimizer, (name) => moments[name][i]) };
    const after = optimizer.update(before, gradient, scalars, constants);
    const average = ema[i].ref.add(after.parameter.ref.sub(ema[i]).mul(emaRate.ref));
    return { ...after, average };
  });
  for (const scalar of [emaRate, ...Object.values(scalars)]) scalar.dispose();
  const collect = (leaf: (renewed: (typeof updated)[number]) => np.Array) =>
    tree.unflatten(structure, updated.map(leaf)) as Tree;
  return {
    parameters: collect(({ parameter }) => parameter),
    ema: collect(({ average }) => average),
    moments: momentsOf(optimizer, (name) => collect((renewed) => renewed.moments[name])),
  };
}
