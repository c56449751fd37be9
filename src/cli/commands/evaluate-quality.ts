/** @file The part of `evaluate` that compares samples with a reference. */
import type { ImageSplits } from "../../data/index.js";
import type { ImageStream } from "../../data/samples/image-stream.js";
import type { Runtime } from "../../engine/index.js";
import { UserError } from "../../errors.js";
import { evaluateSamples, heldOutSplit } from "../../experiments/evaluation.js";
import { writeReference } from "../../quality/reference-file.js";
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
  intervals?: boolean;
  extrapolate?: boolean;
  heldOut?: boolean;
}

/**
 * Measures samples.
 *
 * @param samples - with the number of classes of the model that draws them
 * @param data - training images and held-out ones, where there are some
 * @throws UserError when features, reference or metrics do not fit
 */
export async function evaluateQuality(
  samples: ImageStream & { classes?: number },
  data: ImageSplits | undefined,
  options: QualityOptions,
  context: Context,
  runtime: Runtime,
): Promise<Omit<QualityResult, "rounding">> {
  const { progress, seed, signal } = context;
  const { resolution } = samples;
  const train = data?.train;
  const beside = options.heldOut && data ? { train: data.train, heldOut: data[heldOutSplit(data)] } : undefined;
  if (beside && beside.heldOut.count < 2) {
    throw new UserError("too-few-images", `--held-out: expected held-out images, got ${beside.heldOut.count}.`);
  }
  await using extractor = await openExtractor(options, { resolution, train }, context, runtime);
  const asked = qualityAsked(options.metrics, extractor, samples.classes);
  if (options.exportReference !== undefined && extractor.name !== "inception") {
    throw new UserError(
      "invalid-options",
      `--export-reference: expected Inception features, whose statistics other evaluators read, got ${extractor.name}.`,
    );
  }
  const reference = await openReference(options, { resolution, train }, extractor, context, runtime);
  measurableOf(asked, reference, options, context); // what is left out is said before the work
  if (options.exportReference !== undefined && train) await writeReference(options.exportReference, reference, train);
  const evaluation = await evaluateSamples(samples, {
    ...{ extractor, reference, metrics: asked, seed, kernelSubsets: options.kidSubsets, runtime, signal },
    errors: options.intervals,
    ...{ limit: options.extrapolate, beside },
    onProgress: showRate("samples and their features", progress),
    onFigure: (name) => progress.update(`${name} …`),
  });
  const name = options.reference ?? train?.name ?? "";
  return { ...evaluation, reference: { name, ...evaluation.reference } };
}
