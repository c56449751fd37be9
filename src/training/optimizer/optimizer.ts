/** @file What an optimizer is: how parameters are renewed by their gradients. */
import type { numpy as np } from "@jax-js/jax";
import type { OptimizerConfig } from "../../config/index.js";

/** The constants of the rule, as the configuration has them. */
export type OptimizerConstants = Pick<OptimizerConfig, "beta1" | "beta2" | "epsilon">;

/** One array of parameters, and what the optimizer remembers of it: arrays of the same shape. */
interface Renewed<Moment extends string> {
  parameter: np.Array;
  moments: Record<Moment, np.Array>;
}

/**
 * An optimizer. The moving average of the parameters, the learning rate and skipped updates are not its business.
 *
 * `Moment` are the names of what it remembers of every parameter, `Scalar` the names of the numbers that change from update to
 * update.
 */
export interface Optimizer<Moment extends string = string, Scalar extends string = string> {
  /** What it remembers of every parameter, 0 at the start; checkpoints name their tensors by it. */
  moments: readonly Moment[];

  /** The numbers of update `t`, counted from 0: step sizes, corrections of bias. */
  scalars(learningRate: number, t: number, constants: OptimizerConstants): Record<Scalar, number>;

  /**
   * One update of one array of parameters, traced: arrays of jax-js come and go.
   *
   * @param before - consumed
   * @param gradient - of the loss by the parameter, same shape; consumed
   * @param scalars - borrowed: use `.ref`
   */
  update(
    before: Renewed<Moment>,
    gradient: np.Array,
    scalars: Record<Scalar, np.Array>,
    constants: OptimizerConstants,
  ): Renewed<Moment>;

  /**
   * The module whose default export does the same to arrays in memory, in place, and renews the moving average with them; see
   * {@link InPlaceUpdate}. On a CPU it saves copying the whole state at every update; without it the compiled update runs.
   */
  inPlace?: () => URL;
}

/**
 * The update in place: `parameter` and `average` first, then the moments in their order, then the gradient, equally long. All
 * but the gradient are renewed.
 */
export type InPlaceUpdate<Scalar extends string> = (
  arrays: readonly Float32Array[],
  numbers: InPlaceNumbers<Scalar>,
) => void;

/** All numbers of one update; `emaDecay` is the decay of the moving average. */
export type InPlaceNumbers<Scalar extends string> = OptimizerConstants & Record<Scalar | "emaDecay", number>;

/** A module of this folder as it lies there: compiled or, in the repository, as TypeScript. */
export const moduleBeside = (name: string): URL =>
  new URL(`./${name}${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);
