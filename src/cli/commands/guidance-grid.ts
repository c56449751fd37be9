/** @file `--guidance-grid`: one picture at many guidance weights (paper Figures 4 and 5). */

import { concatenate } from "../../inference/picture-grid.js";
import type { ImageSampler, SampleOptions, Samples } from "../../inference/sampling/sampler.js";
import type { WeightGrid } from "../options/guidance-options.js";
import type { SampleLayout } from "../output/save-samples.js";

/**
 * Draws the same sample, from the same noise, at every pair of weights.
 *
 * @param options - of the one picture
 * @returns the pictures row by row, a weight of the mean each, and how to lay them out
 */
export async function drawGuidanceGrid(
  sampler: ImageSampler,
  options: SampleOptions,
  { means, variances }: WeightGrid,
): Promise<{ samples: Samples; layout: SampleLayout }> {
  const pairs = means.flatMap((mean) => variances.map((variance) => ({ mean, variance })));
  const drawn: Samples[] = [];
  for (const guidance of pairs) {
    drawn.push(await sampler.sample({ ...options, count: 1, guidance, onProgress: undefined }));
    options.onProgress?.(drawn.length, pairs.length);
  }
  const total = (of: (samples: Samples) => number) => drawn.reduce((sum, samples) => sum + of(samples), 0);
  const samples: Samples = {
    ...concatenate(drawn),
    labels: Int32Array.from(drawn.flatMap(({ labels }) => [...labels])),
    clamped: total(({ clamped }) => clamped),
    invalid: total(({ invalid }) => invalid),
    guidedDimensions: total(({ guidedDimensions }) => guidedDimensions),
  };
  const layout = {
    columns: variances.length,
    rowLabels: means.map((weight) => `mean ${weight}`),
    columnLabels: variances.map((weight) => `variance ${weight}`),
  };
  return { samples, layout };
}
