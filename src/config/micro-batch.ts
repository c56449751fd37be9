/** @file The size of a micro-batch. Apart from the schema, whose library the thread that makes inputs need not load. */
import type { TrainingConfig } from "./types.js";

/** Images whose gradients are computed at once: the whole batch where a choice left to the program has not been made. */
export const microBatchOf = ({ batchSize, microBatchSize }: TrainingConfig): number =>
  microBatchSize === "auto" ? batchSize : microBatchSize;
