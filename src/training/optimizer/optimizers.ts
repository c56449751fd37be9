/** @file The table of optimizers: a name of `optimizer.kind` for each. */
import type { OptimizerConfig, OptimizerName } from "../../config/index.js";
import { adam } from "./adam.js";
import { adamax } from "./adamax.js";
import type { Optimizer } from "./optimizer.js";

/** Every optimizer by its name in `optimizer.kind`. */
const optimizers = {
  adamax,
  adam,
} satisfies Record<OptimizerName, Optimizer>;

/** The optimizer that a configuration names. */
export const optimizerOf = ({ kind }: Pick<OptimizerConfig, "kind">): Optimizer => optimizers[kind];
