/** @file Where numbers are worked out: graphics processors have no float64. */
import { defaultRuntime, type Runtime } from "../../engine/index.js";
import type { ExecutionOptions } from "../../inference/execution-options.js";

/** Where numbers are worked out, and what ends the work early. */
export interface MetricOptions extends ExecutionOptions {
  /** Default: the one that the process shares, which also stands in for any that is not on the CPU. */
  runtime?: Runtime;
}

/** The runtime itself where it computes on the CPU, else the one that the process shares. */
export const onCpu = (runtime?: Runtime): Runtime => (runtime?.device === "cpu" ? runtime : defaultRuntime());
