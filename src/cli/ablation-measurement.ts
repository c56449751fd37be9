/** @file The measuring part of `ablate`: every run once, kept on disk with its pictures, so that it is gone on with. */
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { digestOfSet, type ImageSet, takeSpread } from "../data/index.js";
import type { Runtime } from "../engine/index.js";
import type { AblationRow, AblationRun } from "../experiments/ablation.js";
import { measureFeatures } from "../experiments/feature-set.js";
import { measureRun, type RunMeasurement, type RunPictures, type Yardstick } from "../experiments/measure-run.js";
import { digestOfModel } from "../experiments/model-digest.js";
import { picturesInMemory } from "../experiments/picture-streams.js";
import { REFERENCE_ROWS, referenceOfSet } from "../experiments/reference.js";
import { fingerprint, readResult, writeResult } from "../experiments/results.js";
import { thinned } from "../experiments/thinned.js";
import type { FeatureExtractor } from "../features/extractor.js";
import { makeFolderSynced, writeFileAtomic } from "../formats/atomic-file.js";
import type { RowPictures } from "../report/ablation-report.js";
import { imageGrid, reconstructionGrid } from "../report/picture-grid.js";
import { openRun } from "../training/open-run.js";
import type { AblateOptions } from "./ablate.js";
import type { Context } from "./command.js";
import { qualityAsked, showRate } from "./features-options.js";

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

/** Another where the same runs would be measured otherwise. */
const VERSION = 1;
/** The paper's figures of a row. */
const METRICS = ["fid", "precision", "recall"];
/** Held-out images whose distance to the training images is measured at most. */
const HELD_OUT = 2000;
const COLUMNS = 8;

/** Measures the runs that have not been measured yet with these settings, and reads the others. */
export async function measureRuns(
  runs: readonly AblationRun[],
  extractor: FeatureExtractor,
  images: { train: ImageSet; test: ImageSet },
  options: AblateOptions,
  context: Context,
  runtime: Runtime,
): Promise<MeasuredRuns> {
  let yardstick: Promise<Yardstick> | undefined;
  const lazily = () => (yardstick ??= makeYardstick(extractor, images, context, runtime));
  const measured: MeasuredRun[] = [];
  for (const run of runs) measured.push(await once(run));
  const { name, identity } = extractor;
  const heldOutImages = Math.min(options.count, images.test.count);
  return { runs: measured, extractor: { name, identity }, referenceImages: images.train.count, heldOutImages };

  async function once({ row, seed, folder }: AblationRun): Promise<MeasuredRun> {
    const model = await openRun(folder, { onNotice: (message) => context.progress.note(message) });
    const { step } = model;
    const { count, batch, out } = options;
    const digests = [digestOfModel(model), digestOfSet(images.train), digestOfSet(images.test)];
    const question = fingerprint(VERSION, digests, step, extractor.identity, count, context.seed ?? 0);
    const place = { folder: join(out, "measured"), name: basename(folder) };
    const kept = await readKept(place, question);
    if (kept) return { row, seed, step, ...kept };
    const { figures, pictures } = await measureRun(model, await lazily(), {
      count,
      heldOutCount: count,
      seed: context.seed ?? 0,
      metrics: qualityAsked(METRICS, extractor),
      batch,
      runtime,
      signal: context.signal,
      onProgress: showStages(row.title, context),
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
    await keep(place, question, figures, drawn);
    return { row, seed, step, figures, pictures: drawn };
  }
}

async function makeYardstick(
  extractor: FeatureExtractor,
  { train, test }: { train: ImageSet; test: ImageSet },
  context: Context,
  runtime: Runtime,
): Promise<Yardstick> {
  const onProgress = showRate("features of the training images", context.progress);
  const all = { keep: train.count, runtime, signal: context.signal, onProgress };
  const training = await referenceOfSet(train, extractor, all);
  const unseen = picturesInMemory(takeSpread(test, HELD_OUT));
  const heldOut = await measureFeatures(unseen, extractor, { runtime, signal: context.signal });
  return { extractor, training, reference: thinned(training, REFERENCE_ROWS), heldOut, train, test };
}

/** Shows what is being done to a run, each stage with its rate. */
function showStages(title: string, { progress }: Context) {
  const stages = new Map<string, ReturnType<typeof showRate>>();
  return (what: string, done: number, count: number) => {
    if (!stages.has(what)) stages.set(what, showRate(`${title}: ${what}`, progress));
    stages.get(what)!(done, count);
  };
}

/** Where the figures and pictures of a run lie. */
interface Place {
  folder: string;
  name: string;
}

const KINDS = ["samples", "reconstructions", "neighbours"] as const;
const picturePath = ({ folder, name }: Place, kind: string) => join(folder, `${name}-${kind}.png`);
const figuresPath = ({ folder, name }: Place) => join(folder, `${name}.json`);

async function readKept(place: Place, question: string) {
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
async function keep(place: Place, question: string, measured: RunMeasurement, pictures: RowPictures): Promise<void> {
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
