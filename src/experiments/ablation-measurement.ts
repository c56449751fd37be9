/** @file The measuring part of `ablate`: every run once, saved with its pictures, so that an interrupted ablation can be resumed. */
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { digestOfSet, type ImageSet, takeSpread } from "../data/index.js";
import { type BatchedOptions, precisionOf } from "../inference/execution-options.js";
import { imageGrid, reconstructionGrid } from "../inference/picture-grid.js";
import { makeFolderSynced, writeFileAtomic } from "../io/files/atomic-file.js";
import { measureFeatures, thinned } from "../quality/feature-set.js";
import type { FeatureExtractor } from "../quality/features/extractor.js";
import { streamImages } from "../quality/image-streams.js";
import type { QualityMetric } from "../quality/quality.js";
import { REFERENCE_ROWS, referenceOfSet } from "../quality/reference.js";
import { digestOfModel, fingerprint, readResult, writeResult } from "../quality/results.js";
import { openRun } from "../training/run/open-run.js";
import type { AblationRow, AblationRun } from "./ablation.js";
import { type EvaluationSetup, measureRun, type RunMeasurement, type RunPictures } from "./measure-run.js";

/** Pictures of one run, as PNG files. */
export interface RowPictures {
  title: string;
  samples: Uint8Array;
  reconstructions: Uint8Array;
  /** Samples over the training images nearest to them. */
  neighbours: Uint8Array;
}

/** How {@link measureRuns} measures the runs of an ablation. */
export interface MeasureRunsOptions extends BatchedOptions {
  /** Folder of the ablation: what is measured is saved in `measured` below it. */
  out: string;
  /** Samples drawn, and held-out images measured at most. */
  count: number;
  metrics: readonly QualityMetric[];
  /** Of the samples. Default 0. */
  seed?: number;
  onNotice?: (message: string) => void;
  /** Called with the progress of every stage. */
  onProgress?: (what: string, done: number, count: number) => void;
}

/** A run with what was measured of it. */
export interface MeasuredRun {
  row: AblationRow;
  seed: number;
  step: number;
  figures: RunMeasurement;
  pictures: RowPictures;
}

/** All runs, and what they were measured with. */
export interface MeasuredRuns {
  runs: MeasuredRun[];
  extractor: { name: string; identity: string };
  referenceImages: number;
  heldOutImages: number;
}

/** Raise it when the same runs would be measured differently. */
const VERSION = 2;
/** Held-out images whose distance to the training images is measured at most. */
const HELD_OUT = 2000;
const COLUMNS = 8;

/** Measures the runs that have not been measured yet with these settings, and reads the others. */
export async function measureRuns(
  runs: readonly AblationRun[],
  extractor: FeatureExtractor,
  images: { train: ImageSet; test: ImageSet },
  options: MeasureRunsOptions,
): Promise<MeasuredRuns> {
  const { out, count, metrics, seed = 0, batch, runtime, signal, onNotice, onProgress } = options;
  let setup: Promise<EvaluationSetup> | undefined;
  const lazily = () => (setup ??= prepareEvaluation(extractor, images, options));
  const measured: MeasuredRun[] = [];
  for (const run of runs) measured.push(await once(run));
  const { name, identity } = extractor;
  const heldOutImages = Math.min(count, images.test.count);
  return { runs: measured, extractor: { name, identity }, referenceImages: images.train.count, heldOutImages };

  async function once({ row, seed: trainedWith, folder }: AblationRun): Promise<MeasuredRun> {
    const model = await openRun(folder, { onNotice });
    const { step } = model;
    const digests = [digestOfModel(model), digestOfSet(images.train), digestOfSet(images.test)];
    const { precision } = precisionOf(runtime);
    const how = [extractor.identity, count, seed, ...(precision ? [precision] : [])];
    const question = fingerprint(VERSION, digests, step, ...how);
    const place = { folder: join(out, "measured"), name: basename(folder) };
    const before = await readMeasured(place, question);
    if (before) return { row, seed: trainedWith, step, ...before };
    const { figures, pictures } = await measureRun(model, await lazily(), {
      count,
      heldOutCount: count,
      seed,
      metrics,
      batch,
      runtime,
      signal,
      onProgress: (what, done, all) => onProgress?.(`${row.title}: ${what}`, done, all),
      once: async (stage, measure) => {
        const path = join(place.folder, `${place.name}.${stage}.json`);
        const before = await readResult<Awaited<ReturnType<typeof measure>>>(path, question);
        if (before) return before;
        const result = await measure();
        await writeResult(path, question, result);
        return result;
      },
    });
    const drawn = await pictureFiles(row.title, pictures);
    await writeMeasured(place, question, figures, drawn);
    return { row, seed: trainedWith, step, figures, pictures: drawn };
  }
}

async function prepareEvaluation(
  extractor: FeatureExtractor,
  { train, test }: { train: ImageSet; test: ImageSet },
  { runtime, signal, onProgress }: MeasureRunsOptions,
): Promise<EvaluationSetup> {
  const told = (done: number, count: number) => onProgress?.("features of the training images", done, count);
  const training = await referenceOfSet(train, extractor, { keep: train.count, runtime, signal, onProgress: told });
  const unseen = streamImages(takeSpread(test, HELD_OUT));
  const heldOut = await measureFeatures(unseen, extractor, { runtime, signal });
  return { extractor, training, reference: thinned(training, REFERENCE_ROWS), heldOut, train, test };
}

/** Where the figures and pictures of a run lie. */
interface Place {
  folder: string;
  name: string;
}

const KINDS = ["samples", "reconstructions", "neighbours"] as const;
const picturePath = ({ folder, name }: Place, kind: string) => join(folder, `${name}-${kind}.png`);
const figuresPath = ({ folder, name }: Place) => join(folder, `${name}.json`);

async function readMeasured(place: Place, question: string) {
  const figures = await readResult<{ title: string; measured: RunMeasurement }>(figuresPath(place), question);
  if (!figures) return undefined;
  try {
    const [samples, reconstructions, neighbours] = await Promise.all(
      KINDS.map((kind) => readFile(picturePath(place, kind))),
    );
    return { figures: figures.measured, pictures: { title: figures.title, samples, reconstructions, neighbours } };
  } catch {
    return undefined;
  }
}

/** The figures last: where they are, the pictures are too. */
async function writeMeasured(
  place: Place,
  question: string,
  measured: RunMeasurement,
  pictures: RowPictures,
): Promise<void> {
  await makeFolderSynced(place.folder);
  for (const kind of KINDS) await writeFileAtomic(picturePath(place, kind), pictures[kind]);
  await writeResult(figuresPath(place), question, { title: pictures.title, measured });
}

async function pictureFiles(title: string, pictures: RunPictures): Promise<RowPictures> {
  const { samples, originals, reconstructions, neighbours } = pictures;
  return {
    title,
    samples: await imageGrid(samples, COLUMNS),
    reconstructions: await reconstructionGrid(originals, reconstructions, COLUMNS),
    neighbours: await reconstructionGrid(neighbours.samples, neighbours.nearest, COLUMNS),
  };
}
