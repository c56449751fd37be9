/** @file Everything that the paper says about one model, measured with features made once. */
import type { Images } from "../data/image-set.js";
import { type ImageSet, take, takeSpread } from "../data/index.js";
import type { ImageStream } from "../data/samples/image-stream.js";
import type { BatchedOptions } from "../inference/execution-options.js";
import { shownAs } from "../inference/programs/output.js";
import { reconstruct } from "../inference/sampling/reconstruct.js";
import { Sampler } from "../inference/sampling/sampler.js";
import type { TrainedModel } from "../inference/trained-model.js";
import type { FeatureSet } from "../quality/feature-set.js";
import type { FeatureExtractor } from "../quality/features/extractor.js";
import { collectFirst, streamImages, streamSamples, tap } from "../quality/image-streams.js";
import { type Memorisation, memorisation } from "../quality/neighbours.js";
import type { QualityMetric } from "../quality/quality.js";
import { type SampleQuality, sampleQuality } from "../quality/sample-quality.js";
import { type ModelFigures, measureModel, modelMetrics } from "./model-figures.js";

/** Plain data: what `ablate` saves of a run. */
export interface RunMeasurement {
  quality: SampleQuality;
  /** With samples drawn from the Gaussian output distribution: the paper's figures in brackets. */
  drawn?: SampleQuality;
  /** Of reconstructed training images: far below that of samples where the prior has holes (§3.2). */
  reconstructed: SampleQuality;
  memorisation: Memorisation;
  model: ModelFigures;
}

/** What is shown of a run. */
export interface RunPictures {
  samples: Images;
  originals: Images;
  reconstructions: Images;
  /** Samples, and the training image nearest to each. */
  neighbours: { samples: Images; nearest: Images };
}

/** How much of a model {@link measureRun} measures. */
export interface MeasureRunOptions extends BatchedOptions {
  /** Samples, and training images that are reconstructed. */
  count: number;
  /** Held-out images whose likelihood is measured at most. */
  heldOutCount: number;
  seed: number;
  metrics: readonly QualityMetric[];
  onProgress?: (what: string, done: number, count: number) => void;
  /** Measures a stage, unless its result is known from an earlier time: plain data. Default: measures. */
  once?: <Result extends object>(stage: string, measure: () => Promise<Result>) => Promise<Result>;
}

/** What runs are measured with and against, made once for all of them. */
export interface EvaluationSetup {
  extractor: FeatureExtractor;
  /** Of the training images, with the features of every single one: searched for copies. */
  training: FeatureSet;
  /** Of the training images, as samples are compared with them. */
  reference: FeatureSet;
  /** Of images that no model has seen. */
  heldOut: FeatureSet;
  train: ImageSet;
  test: ImageSet;
}

/** Pictures shown of each kind. */
const SHOWN = 64;
const PAIRS = 16;

/**
 * Measures a model.
 *
 * @throws the signal's reason when aborted
 */
export async function measureRun(
  model: TrainedModel,
  { extractor, training, reference, heldOut, train, test }: EvaluationSetup,
  options: MeasureRunOptions,
): Promise<{ figures: RunMeasurement; pictures: RunPictures }> {
  const { count, heldOutCount, seed, metrics, batch, runtime, signal, onProgress = () => {} } = options;
  const { once = (_, measure) => measure() } = options;
  const common = { seed, runtime, signal };
  const report = (what: string) => (done: number, all: number) => onProgress(what, done, all);
  await using sampler = new Sampler(model, { batch, runtime });
  const measure = async (stream: ImageStream, what: string, asked = metrics) =>
    sampleQuality(stream, {
      ...{ ...common, extractor, reference, metrics: asked, keepRows: true },
      onProgress: report(what),
    });
  const drawSamples = (output: "mean" | "sample") => streamSamples(sampler, { count, seed, output, signal });
  const meanIsShown = shownAs(model.config.objective, "mean") === "mean";
  const drawn = meanIsShown
    ? await once("drawn", async () => plain(await measure(drawSamples("sample"), "samples of the output distribution")))
    : undefined;
  const reconstructed = await once("reconstructed", async () => {
    const seen = takeSpread(train, count);
    const again = await reconstruct(model, seen, { ...common, batch, onProgress: report("reconstructions") });
    return plain(await measure(streamImages(again), "features of reconstructions", ["fid"]));
  });
  const ofModel = { ...common, batch, count: heldOutCount, onProgress };
  const figures = await once("model", () => measureModel(model, test, modelMetrics, ofModel));
  const unseen = takeSpread(test, PAIRS * 2);
  const reconstructions = await reconstruct(model, unseen, { ...common, batch });
  const shown = collectFirst(Math.min(SHOWN, count), sampler.resolution);
  const { features, ...quality } = await measure(tap(drawSamples("mean"), shown.look), "samples");
  const { nearest, ...copies } = await memorisation(features, heldOut, training, { runtime, signal });
  const pairs = Math.min(PAIRS, shown.pictures.count);
  return {
    figures: {
      quality,
      drawn,
      reconstructed,
      memorisation: copies,
      model: figures as ModelFigures, // all were asked for
    },
    pictures: {
      samples: shown.pictures,
      originals: unseen,
      reconstructions,
      neighbours: { samples: firstOf(shown.pictures, pairs), nearest: take(train, nearest.subarray(0, pairs)) },
    },
  };
}

/** The first of some pictures. */
const firstOf = ({ images, resolution }: Images, count: number): Images => ({
  images: images.subarray(0, count * 3 * resolution ** 2),
  count,
  resolution,
});

/** The figures without the features behind them. */
const plain = ({ features: _, ...figures }: SampleQuality & { features: FeatureSet }): SampleQuality => figures;
