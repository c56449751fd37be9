/** @file Names that a setting may take and that a table elsewhere gives a meaning to; a name that its table lacks does not compile. */

/** `objective.output`: see `objective/output-layers.ts`. */
export const outputNames = ["gaussian", "logistic-mixture"] as const;
export type OutputName = (typeof outputNames)[number];
