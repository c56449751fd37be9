/** @file Sample quality: what the features of samples are like beside those of a reference. */
import { UserError } from "../errors.js";
import type { ExecutionOptions } from "../inference/execution-options.js";
import type { FeatureSet } from "./feature-set.js";
import { accuracy } from "./metrics/accuracy.js";
import { frechetDistance } from "./metrics/frechet.js";
import { inceptionScore } from "./metrics/inception-score.js";
import { type Interval, jackknifeInterval } from "./metrics/jackknife.js";
import { kernelDistance, kernelDistanceOfSubsets } from "./metrics/kernel-distance.js";
import { precisionRecall } from "./metrics/precision-recall.js";

/** What is measured of features. */
export const qualityMetrics = ["fid", "sfid", "is", "kid", "precision", "recall", "accuracy"] as const;
/** A figure of sample quality, as the command line and the tables name it. */
export type QualityMetric = (typeof qualityMetrics)[number];

/** One figure. */
export interface QualityValue {
  metric: QualityMetric;
  /** How it may be called: "FID" of Inception features only. */
  name: string;
  value: number;
  /** Of the splits, where the figure is a mean over some. */
  standardDeviation?: number;
  /** Of the figure, where errors were asked for: see `jackknifeError`. */
  standardError?: number;
  /** The figure without each tenth of the samples, where errors were asked for. */
  leftOut?: number[];
}

/** What each figure can be. */
const RANGES: Record<QualityMetric, Interval> = {
  fid: { low: 0, high: Number.POSITIVE_INFINITY },
  sfid: { low: 0, high: Number.POSITIVE_INFINITY },
  is: { low: 1, high: Number.POSITIVE_INFINITY },
  kid: { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY }, // unbiased, so below 0 by chance
  precision: { low: 0, high: 1 },
  recall: { low: 0, high: 1 },
  accuracy: { low: 0, high: 1 },
};

/** The 95 % interval of a figure whose error was worked out, within what the figure can be; undefined of others. */
export function intervalOf({ metric, value, standardError }: QualityValue): Interval | undefined {
  if (standardError === undefined) return undefined;
  const { low, high } = jackknifeInterval(value, standardError);
  return { low: Math.max(low, RANGES[metric].low), high: Math.min(high, RANGES[metric].high) };
}

/** How {@link compareToReference} works out its figures. */
export interface CompareToReferenceOptions extends ExecutionOptions {
  /** Kernel distance as torch-fidelity has it: mean over 100 pairs of subsets of 1,000, drawn with the seed. Default: of the whole sets. */
  kernelSubsets?: boolean;
  /** Of those subsets. Default 0. */
  seed?: number;
  /** Called with the name of the next figure. */
  onProgress?: (name: string) => void;
}

const inceptionNames: Record<QualityMetric, string> = {
  fid: "FID",
  sfid: "sFID",
  is: "Inception score",
  kid: "KID",
  precision: "precision",
  recall: "recall",
  accuracy: "accuracy",
};

const generalNames: Record<QualityMetric, string> = {
  fid: "Fréchet distance",
  sfid: "spatial Fréchet distance",
  is: "classifier score",
  kid: "kernel distance",
  precision: "precision",
  recall: "recall",
  accuracy: "accuracy",
};

/** Figures that grow as samples become better. */
export const higherIsBetter = (metric: QualityMetric): boolean =>
  metric === "is" || metric === "precision" || metric === "recall" || metric === "accuracy";

/** How a figure is called: by its own name only where it is made of Inception features. */
export const nameOfMetric = (metric: QualityMetric, extractor: string): string =>
  extractor === "inception" ? inceptionNames[metric] : `${generalNames[metric]} (${extractor})`;

/** Metrics that these features allow: sFID needs spatial features, a score and accuracy need logits. */
export function metricsOf({ spatialWidth, classes }: { spatialWidth?: number; classes?: number }): QualityMetric[] {
  return qualityMetrics.filter((metric) => (metric !== "sfid" || spatialWidth) && (!needsLogits([metric]) || classes));
}

/** The same without accuracy, which has to be asked for: it needs samples with labels that the classifier tells apart. */
export const defaultMetricsOf = (extractor: Parameters<typeof metricsOf>[0]): QualityMetric[] =>
  metricsOf(extractor).filter((metric) => metric !== "accuracy");

/** Whether figures are made of a classifier's answers. */
export const needsLogits = (metrics: readonly QualityMetric[]): boolean =>
  metrics.some((metric) => metric === "is" || metric === "accuracy");

/** Whether figures are made of single vectors, and not of their statistics alone. */
export const needsRows = (metrics: readonly QualityMetric[]): boolean =>
  metrics.some((metric) => metric === "kid" || metric === "precision" || metric === "recall");

/**
 * Figures apart by whether a reference has what they are made of: one of statistics alone has no single images, and maybe
 * no spatial features.
 */
export function measurableWith({ rowCount, spatialMoments }: FeatureSet, metrics: readonly QualityMetric[]) {
  const isMeasurable = (metric: QualityMetric): boolean =>
    metric === "sfid" ? spatialMoments !== undefined : rowCount > 0 || !needsRows([metric]);
  return {
    measurable: metrics.filter(isMeasurable),
    notMeasurable: metrics.filter((metric) => !isMeasurable(metric)),
  };
}

/**
 * Checks that a reference has what figures are made of.
 *
 * @param extractor - name of what made the features
 * @throws UserError naming the first that it has not
 */
export function checkMeasurable(reference: FeatureSet, metrics: readonly QualityMetric[], extractor: string): void {
  const [missing] = measurableWith(reference, metrics).notMeasurable;
  if (missing === undefined) return;
  const what =
    missing === "sfid" ? "statistics of spatial features (mu_s, sigma_s)" : "single images, not statistics alone";
  throw new UserError("invalid-options", `Expected a reference with ${what} for ${nameOfMetric(missing, extractor)}.`);
}

/**
 * Figures of samples against a reference, in the order asked for.
 *
 * @param extractor - name of what made the features
 * @throws UserError when the two were not made alike, the reference has not what a figure is made of, or there are too
 *   few images
 */
export async function compareToReference(
  samples: FeatureSet,
  reference: FeatureSet,
  metrics: readonly QualityMetric[],
  extractor: string,
  { runtime, signal, kernelSubsets = false, seed, onProgress }: CompareToReferenceOptions = {},
): Promise<QualityValue[]> {
  if (samples.identity !== reference.identity) {
    throw new UserError(
      "mismatch",
      `Expected features of samples and reference from one network, got ${samples.identity} and ${reference.identity}.`,
    );
  }
  checkMeasurable(reference, metrics, extractor);
  const options = { runtime, signal };
  const width = samples.moments.mean.length;
  const values: QualityValue[] = [];
  let pair: Promise<{ precision: number; recall: number }> | undefined;
  const precisionAndRecall = () => (pair ??= precisionRecall(reference.rows, samples.rows, width, options));
  const measure: Record<QualityMetric, () => Promise<Pick<QualityValue, "value" | "standardDeviation">>> = {
    fid: async () => ({ value: await frechetDistance(samples.moments, reference.moments, options) }),
    sfid: async () => ({ value: await frechetDistance(samples.spatialMoments!, reference.spatialMoments!, options) }),
    is: async () => {
      const logits = samples.logits!;
      const classes = logits.length / samples.moments.count;
      const { score, standardDeviation } = inceptionScore(logits, classes, { from: "logits" });
      return { value: score, standardDeviation };
    },
    kid: async () => {
      if (!kernelSubsets) return { value: await kernelDistance(samples.rows, reference.rows, width, options) };
      const subsets = await kernelDistanceOfSubsets(samples.rows, reference.rows, width, { ...options, seed });
      return { value: subsets.mean, standardDeviation: subsets.standardDeviation };
    },
    precision: async () => ({ value: (await precisionAndRecall()).precision }),
    recall: async () => ({ value: (await precisionAndRecall()).recall }),
    accuracy: async () => ({ value: accuracy(samples.logits!, samples.labels ?? new Int32Array(0)) }),
  };
  for (const metric of metrics) {
    signal?.throwIfAborted();
    const name = nameOfMetric(metric, extractor);
    onProgress?.(name);
    values.push({ metric, name, ...(await measure[metric]()) });
  }
  return values;
}
