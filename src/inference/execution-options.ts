/** @file The options of all work that runs compiled programs for a while. */
import type { Runtime } from "../engine/index.js";

/** Images that a program takes at once where nothing is said. */
export const DEFAULT_BATCH = 16;

/** Where work is done, and what ends it early. */
export interface ExecutionOptions {
  /** Where programs run. Default: the one runtime that the process shares. */
  runtime?: Runtime;
  /** Once aborted, the work ends early: the call throws the signal's reason. */
  signal?: AbortSignal;
}

/** The same of work on many images. */
export interface BatchedOptions extends ExecutionOptions {
  /** Images at once. Default 16. */
  batch?: number;
}

/** For records of results: how exactly they were computed, where not in float32. */
export const precisionOf = (runtime?: Runtime): { precision?: Runtime["precision"] } =>
  runtime === undefined || runtime.precision === "float32" ? {} : { precision: runtime.precision };
