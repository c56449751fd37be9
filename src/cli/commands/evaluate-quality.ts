/** @file The part of `evaluate` that compares samples with a reference. */
import type { ImageSet } from "../../data/index.js";
import type { ImageStream } from "../../data/samples/image-stream.js";
import type { Runtime } from "../../engine/index.js";
import { UserError } from "../../errors.js";
import type { FeatureSet } from "../../quality/feature-set.js";
import { collectFirst, tap } from "../../quality/image-streams.js";
import { writeReference } from "../../quality/reference-file.js";
import { sampleQuality } from "../../quality/sample-quality.js";
import type { Context } from "../options/command.js";
import {
  type FeatureOptions,
  measurableOf,
  openExtractor,
  openReference,
  qualityAsked,
  showRate,
} from "../options/features-options.js";
import type { QualityResult } from "../output/quality-text.js";

export interface QualityOptions extends FeatureOptions {
  metrics?: string[];
  exportReference?: string;
  kidSubsets?: boolean;
}

/** Samples shown beside the figures. */
const SHOWN = 64;

/**
 * Measures samples.
 *
 * @param train - the training images, where there are some
 * @throws UserError when features, reference or metrics do not fit
 */
export async function evaluateQuality(
  samples: ImageStream,
  train: ImageSet | undefined,
  options: QualityOptions,
  context: Context,
  runtime: Runtime,
): Promise<Omit<QualityResult, "rounding" | "clamped">> {
  const { progress, seed, signal } = context;
  const { resolution, count } = samples;
  await using extractor = await openExtractor(options, { resolution, train }, context, runtime);
  const possible = qualityAsked(options.metrics, extractor);
  if (options.exportReference !== undefined && extractor.name !== "inception") {
    throw new UserError(
      "invalid-options",
      `--export-reference: expected Inception features, whose statistics other evaluators read, got ${extractor.name}.`,
    );
  }
  const reference = await openReference(options, { resolution, train }, extractor, context, runtime);
  const metrics = measurableOf(possible, reference, options, context);
  if (options.exportReference !== undefined && train) await writeReference(options.exportReference, reference, train);
  const shown = collectFirst(Math.min(SHOWN, count), resolution);
  const { features: _, ...quality } = await sampleQuality(tap(samples, shown.look), {
    ...{ extractor, reference, metrics },
    seed,
    kernelSubsets: options.kidSubsets,
    runtime,
    signal,
    onProgress: showRate("samples and their features", progress),
    onFigure: (name) => progress.update(`${name} …`),
  });
  return {
    ...quality,
    notMeasured: possible.filter((metric) => !metrics.includes(metric)),
    features: { name: extractor.name, identity: extractor.identity },
    reference: {
      name: options.reference ?? train?.name ?? "",
      images: imagesOf(reference),
      rows: reference.rowCount,
    },
    shown: shown.pictures,
  };
}

const imagesOf = ({ moments: { count } }: FeatureSet): number | undefined =>
  Number.isFinite(count) ? count : undefined;
