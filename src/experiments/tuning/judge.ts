/** @file What candidates of a search are judged by: the bound on held-out images, or a figure of samples. */
import { digestOfSet, type ImageSet, takeSpread } from "../../data/index.js";
import type { BatchedOptions } from "../../inference/execution-options.js";
import { negativeLogLikelihood } from "../../inference/measures/nll.js";
import { NonFiniteOutputError } from "../../inference/pictures.js";
import { Sampler } from "../../inference/sampling/sampler.js";
import type { TrainedModel } from "../../inference/trained-model.js";
import type { FeatureSet } from "../../quality/feature-set.js";
import type { FeatureExtractor } from "../../quality/features/extractor.js";
import { streamSamples } from "../../quality/image-streams.js";
import { higherIsBetter, nameOfMetric, type QualityMetric } from "../../quality/quality.js";
import { sampleQuality } from "../../quality/sample-quality.js";

/** A figure of a model, by which the better of two is known. */
export interface Judge {
  /** As it is shown. */
  name: string;
  better: "lower" | "higher";
  /** Of all that the figure depends on besides the model. */
  identity: string;
  /** The figure; NaN for a model whose output is no number. */
  measure(model: TrainedModel, options: BatchedOptions): Promise<number>;
}

/** The bound on the negative log-likelihood, bits per dimension, of at most `count` images that no model has seen. */
export function boundJudge(heldOut: ImageSet, count: number): Judge {
  const images = takeSpread(heldOut, count);
  return {
    ...{ name: "bound, bits/dim", better: "lower", identity: `bound ${digestOfSet(images)}` },
    measure: async (model, options) => (await negativeLogLikelihood(model, images, options)).summary.bitsPerDim.mean,
  };
}

/** A figure of `count` samples beside a reference. */
export function sampleJudge(
  metric: QualityMetric,
  { extractor, reference, count }: { extractor: FeatureExtractor; reference: FeatureSet; count: number },
): Judge {
  return {
    name: nameOfMetric(metric, extractor.name),
    better: higherIsBetter(metric) ? "higher" : "lower",
    identity: `${metric} ${count} ${extractor.identity} ${reference.moments.count}`,
    measure: async (model, { batch, runtime, signal }) => {
      await using sampler = new Sampler(model, { batch, runtime });
      const samples = streamSamples(sampler, { count, signal });
      const measured = await sampleQuality(samples, {
        ...{ extractor, reference, metrics: [metric], runtime, signal },
      }).catch((error) => {
        if (error instanceof NonFiniteOutputError) return undefined;
        throw error;
      });
      return measured?.values[0].value ?? Number.NaN;
    },
  };
}
