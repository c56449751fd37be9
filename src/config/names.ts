/** @file Names that a setting may take and that a table elsewhere gives a meaning to; a name that its table lacks does not compile. */

/** `objective.output`: see `objective/output-layers.ts`. */
export const outputNames = ["gaussian", "logistic-mixture"] as const;
export type OutputName = (typeof outputNames)[number];

/** `optimizer.kind`: see `training/optimizer/optimizers.ts`. */
export const optimizerNames = ["adamax", "adam"] as const;
export type OptimizerName = (typeof optimizerNames)[number];
