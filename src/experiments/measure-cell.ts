/** @file One cell of a guidance sweep: samples drawn at its weights, and their quality. */
import type { ExecutionOptions } from "../inference/execution-options.js";
import type { ImageSampler, SampleOptions, Samples } from "../inference/sampling/sampler.js";
import { type FeatureSet, measureFeatures } from "../quality/feature-set.js";
import type { FeatureExtractor } from "../quality/features/extractor.js";
import { collectFirst, streamSamples, tap } from "../quality/image-streams.js";
import { compareToReference, needsRows, type QualityMetric } from "../quality/quality.js";
import type { CellMeasurement } from "./guidance-sweep.js";
import type { SweepCell } from "./sweep-grid.js";

/** Samples of each cell that are shown. */
const SHOWN = 8;

/** How far a cell is: samples drawn, then the figure that is being worked out. */
export interface CellProgress {
  drawn: number;
  figure?: string;
}

/** What {@link measureCell} draws with and compares with. */
export interface CellOptions extends ExecutionOptions {
  sampler: ImageSampler;
  /** How samples are drawn, but for guidance and seed. */
  sampling: SampleOptions;
  extractor: FeatureExtractor;
  reference: FeatureSet;
  metrics: readonly QualityMetric[];
  onProgress?: (cell: SweepCell, progress: CellProgress) => void;
}

/**
 * Draws and measures a cell.
 *
 * @throws NonFiniteOutputError when the model overflows at these weights; the signal's reason when aborted
 */
export async function measureCell(cell: SweepCell, options: CellOptions): Promise<CellMeasurement> {
  const { sampler, sampling, extractor, reference, metrics, runtime, signal, onProgress } = options;
  const { mean, variance, seed } = cell;
  const { count } = sampling;
  const shown = collectFirst(Math.min(SHOWN, count), sampler.resolution);
  let clamped = 0;
  const drawn = streamSamples(sampler, { ...sampling, seed, guidance: { mean, variance }, signal });
  const stream = tap(drawn, (part: Samples, first) => {
    shown.look(part, first);
    clamped += part.clamped;
  });
  const features = await measureFeatures(stream, extractor, {
    ...{ keep: needsRows(metrics) ? count : 0, logits: metrics.includes("is"), runtime, signal },
    onProgress: (done) => onProgress?.(cell, { drawn: done }),
  });
  const quality = await compareToReference(features, reference, metrics, extractor.name, {
    ...{ runtime, signal },
    onProgress: (figure) => onProgress?.(cell, { drawn: count, figure }),
  });
  return { quality, pictures: shown.pictures, clamped };
}
