/** @file Everything that the paper says about one model, measured with features made once. */
import { type ImageSet, spreadIndices, take, takeSpread } from "../data/index.js";
import type { Runtime } from "../engine/index.js";
import type { FeatureExtractor } from "../features/extractor.js";
import type { Pictures } from "../generation/pictures.js";
import { reconstruct } from "../generation/reconstruct.js";
import { Sampler } from "../generation/sampler.js";
import type { TrainedModel } from "../generation/trained-model.js";
import type { FeatureSet } from "./feature-set.js";
import { type ModelFigures, measureModel, modelMetrics } from "./model-figures.js";
import { type Memorisation, memorisation } from "./neighbours.js";
import { drawnPictures, keepFirst, picturesInMemory, watched } from "./picture-streams.js";
import type { QualityMetric } from "./quality.js";
import { type SampleQuality, sampleQuality } from "./sample-quality.js";

/** Plain data: what `ablate` keeps of a run. */
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
  samples: Pictures;
  originals: Pictures;
  reconstructions: Pictures;
  /** Samples, and the training image nearest to each. */
  neighbours: { samples: Pictures; nearest: Pictures };
}

export interface MeasureRunOptions {
  /** Samples, and training images that are reconstructed. */
  count: number;
  /** Held-out images whose likelihood is measured at most. */
  heldOutCount: number;
  seed: number;
  metrics: readonly QualityMetric[];
  batch?: number;
  runtime?: Runtime;
  signal?: AbortSignal;
  onProgress?: (what: string, done: number, count: number) => void;
}

/** What runs are measured with and against, made once for all of them. */
export interface Yardstick {
  extractor: FeatureExtractor;
  /** Of the training images. */
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
  { extractor, reference, heldOut, train, test }: Yardstick,
  { count, heldOutCount, seed, metrics, batch, runtime, signal, onProgress = () => {} }: MeasureRunOptions,
): Promise<{ figures: RunMeasurement; pictures: RunPictures }> {
  const options = { seed, runtime, signal };
  const report = (what: string) => (done: number, all: number) => onProgress(what, done, all);
  const sampler = new Sampler(model, { batch, runtime });
  try {
    const shown = keepFirst(Math.min(SHOWN, count), sampler.resolution);
    const drawSamples = (output: "mean" | "sample") => drawnPictures(sampler, { count, seed, output, signal });
    const { features, ...quality } = await sampleQuality(
      watched(drawSamples("mean"), shown.look),
      reference,
      extractor,
      metrics,
      { ...options, keepRows: true, onProgress: report("samples") },
    );
    const gaussian = model.config.objective.output === "gaussian";
    const drawn = gaussian
      ? await sampleQuality(drawSamples("sample"), reference, extractor, metrics, {
          ...options,
          onProgress: report("samples of the output distribution"),
        })
      : undefined;
    const seen = takeSpread(train, count);
    const again = await reconstruct(model, seen, { ...options, batch, onProgress: report("reconstructions") });
    const reconstructed = await sampleQuality(picturesInMemory(again), reference, extractor, ["fid"], options);
    const { nearest, ...copies } = await memorisation(features, heldOut, reference, { runtime, signal });
    const unseen = takeSpread(test, PAIRS * 2);
    const reconstructions = await reconstruct(model, unseen, { ...options, batch });
    const figures = await measureModel(model, test, modelMetrics, {
      ...options,
      batch,
      count: heldOutCount,
      onProgress,
    });
    const pairs = Math.min(PAIRS, shown.pictures.count);
    const searched = spreadIndices(train.count, reference.rowCount);
    const copied = [...nearest.subarray(0, pairs)].map((row) => searched[row]);
    return {
      figures: {
        quality,
        drawn: drawn && plain(drawn),
        reconstructed: plain(reconstructed),
        memorisation: copies,
        model: figures as ModelFigures, // all were asked for
      },
      pictures: {
        samples: shown.pictures,
        originals: unseen,
        reconstructions,
        neighbours: {
          samples: firstOf(shown.pictures, pairs),
          nearest: take(train, copied),
        },
      },
    };
  } finally {
    await sampler.dispose();
  }
}

/** The first of some pictures. */
const firstOf = ({ images, resolution }: Pictures, count: number): Pictures => ({
  images: images.subarray(0, count * 3 * resolution ** 2),
  count,
  resolution,
});

/** The figures without the features behind them. */
const plain = ({ features: _, ...figures }: SampleQuality & { features: FeatureSet }): SampleQuality => figures;
