/** @file How sure figures of sample quality are: the jackknife over the samples. */
import type { FeatureSet } from "./feature-set.js";
import { withoutPart } from "./finite-sample.js";
import { divideRows, JACKKNIFE_GROUPS, jackknifeError } from "./metrics/jackknife.js";
import { momentsOf } from "./metrics/moments.js";
import { type CompareToReferenceOptions, compareToReference, type QualityMetric } from "./quality.js";

/** The error of one figure, and what it was worked out from. */
export interface FigureError {
  /** See `jackknifeError`. The reference counts as known exactly. */
  standardError: number;
  /** The figure without each tenth of the samples: of two models, compared place by place where sample i has the same noise. */
  leftOut: number[];
}

/** How {@link jackknifeQuality} works. */
export interface JackknifeOptions extends Pick<CompareToReferenceOptions, "runtime" | "signal"> {
  /** Called with the parts that are done, of those to leave out. */
  onProgress?: (done: number, count: number) => void;
}

/**
 * The errors of figures of samples. sFID has none: of spatial features nothing single is kept.
 *
 * @param samples - with the features of every sample
 * @param extractor - name of what made the features
 * @throws what `compareToReference` throws
 */
export async function jackknifeQuality(
  samples: FeatureSet,
  reference: FeatureSet,
  metrics: readonly QualityMetric[],
  extractor: string,
  { runtime, signal, onProgress }: JackknifeOptions = {},
): Promise<Map<QualityMetric, FigureError>> {
  const measured = metrics.filter((metric) => metric !== "sfid");
  const leftOut = new Map<QualityMetric, number[]>(measured.map((metric) => [metric, []]));
  for (let part = 0; part < JACKKNIFE_GROUPS; part++) {
    const rest = await withoutRows(samples, part, { runtime, signal });
    for (const { metric, value } of await compareToReference(rest, reference, measured, extractor, { runtime, signal }))
      leftOut.get(metric)!.push(value);
    onProgress?.(part + 1, JACKKNIFE_GROUPS);
  }
  return new Map(
    [...leftOut].map(([metric, values]) => [metric, { standardError: jackknifeError(values), leftOut: values }]),
  );
}

/** Features of the samples that are not of this part. */
async function withoutRows(samples: FeatureSet, part: number, options: JackknifeOptions): Promise<FeatureSet> {
  const { moments, rows, rowCount, logits, labels, identity } = samples;
  const width = moments.mean.length;
  const own = divideRows(rows, width, part);
  return {
    identity,
    moments: withoutPart(moments, await momentsOf(own.part, width, options)),
    rows: own.rest,
    rowCount: own.rest.length / width,
    logits: logits && divideRows(logits, logits.length / rowCount, part).rest,
    ...(labels ? { labels: Int32Array.from(divideRows(Float32Array.from(labels), 1, part).rest) } : {}),
  };
}
