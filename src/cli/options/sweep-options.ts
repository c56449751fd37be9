/** @file What `sweep guidance` is asked. */
import type { FeatureOptions } from "./features-options.js";
import type { ImageOptions } from "./images.js";
import type { SamplingOptions } from "./sampling-options.js";

/** Options of `sweep guidance`. */
export interface GuidanceSweepOptions extends SamplingOptions, FeatureOptions, Partial<ImageOptions> {
  mean: string;
  variance: string;
  seeds?: number[];
  metrics?: string[];
  count: number;
  out: string;
}
