/** @file What is done to a graph before XLA gets it. */
import type { Graph } from "../graph/graph.js";
import { contractDots } from "../passes/contract-dots.js";
import { removeDeadCode } from "../passes/dead-code.js";
import { narrowActivations } from "../passes/narrow-activations.js";
import { pooling } from "../passes/pooling.js";
import { dropCheckpoints, rematerialise } from "../passes/rematerialise.js";
import { simplify } from "../passes/simplify.js";
import type { Precision } from "./function-body.js";

/**
 * The passes, in order. Those that only choose a form that a runtime is fast at are left out: XLA has passes of its own for
 * that, which know convolutions as they were traced.
 *
 * @param rematerialised - whether the inside of blocks is recomputed in the backward pass
 * @param precision - with `bfloat16` activations become narrow
 */
export const stableHloPasses = (rematerialised: boolean, precision: Precision): ((graph: Graph) => Graph)[] => [
  removeDeadCode,
  ...(rematerialised ? [] : [dropCheckpoints]),
  simplify,
  contractDots,
  pooling,
  simplify,
  removeDeadCode,
  ...(rematerialised ? [rematerialise] : []),
  ...(precision === "bfloat16" ? [narrowActivations] : []),
];
