/**
 * @file A small classifier of the images at hand, as a feature extractor where the Inception network is not available.
 *
 * What it measures is comparable between models of the same images, and with nothing else: never call it FID.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { cacheFolder } from "../../cache-folder.js";
import { digestOfSet, type ImageSet } from "../../data/index.js";
import type { ExecutionOptions } from "../../inference/execution-options.js";
import { makeFolderSynced, writeFileAtomic } from "../../io/files/atomic-file.js";
import { ClassifierExtractor } from "./classifier-extractor.js";
import { BATCH_SIZE, classifierSide, examplesOf, hasClasses, TURNS } from "./examples.js";
import type { Classifier } from "./network.js";
import { type ClassifierProgress, trainClassifier } from "./training.js";
import { decodeClassifier, encodeClassifier } from "./weights.js";

/** Another where the same images would make other weights; it makes those kept useless. */
const RECIPE = 1;

/** Passes over the images, within the limits of {@link stepsFor}. */
const EPOCHS = 30;

/** How {@link openClassifier} trains or finds its classifier. */
export interface OpenClassifierOptions extends ExecutionOptions {
  /** Images of one run of the program. Default: 64. */
  batch?: number;
  /** Default: 0. */
  seed?: number;
  /** Updates to train it by. Default: what {@link stepsFor} says. */
  steps?: number;
  /** Called after every update; never when the weights come from the cache. */
  onProgress?: (progress: ClassifierProgress) => void;
}

/**
 * How many updates a classifier of a set is trained by: 30 passes over the images, but at least 500 updates, and at most
 * 3,000, or less where an image has more than 32² pixels: some three minutes on two cores up to there, six at 64².
 */
export function stepsFor({ count, resolution }: Pick<ImageSet, "count" | "resolution">): number {
  const most = 3000 * Math.min(32 / classifierSide(resolution), 1);
  return Math.round(Math.min(Math.max((EPOCHS * count) / BATCH_SIZE, 500), most));
}

/**
 * A classifier of the set's own classes or, where there are not two of them, of which way up its images are; trained at first
 * use, and kept in the cache folder, so that later measurements are comparable.
 *
 * @param trainSet - of any resolution; images that are no multiple of 8 or above 64 pixels a side are averaged down
 * @throws the signal's reason when aborted; an unfinished training is not kept
 */
export async function openClassifier(
  trainSet: ImageSet,
  { batch, seed = 0, steps = stepsFor(trainSet), runtime, signal, onProgress }: OpenClassifierOptions = {},
): Promise<ClassifierExtractor> {
  const path = pathOf(trainSet, seed, steps);
  const [tells, classes] = hasClasses(trainSet)
    ? (["classes", trainSet.classes.length] as const)
    : (["turns", TURNS] as const);
  let weights = path && (await cachedWeights(path, classes));
  if (!weights) {
    const examples = examplesOf(trainSet, seed);
    weights = await trainClassifier(examples, { steps, seed, runtime, signal, onProgress });
    if (path) await cacheWeights(path, weights);
  }
  return ClassifierExtractor.create(weights, { resolution: trainSet.resolution, tells, batch, runtime });
}

/** Where a set's classifier is kept; undefined where nothing is. */
function pathOf(set: ImageSet, seed: number, steps: number): string | undefined {
  const folder = cacheFolder();
  const key = [RECIPE, digestOfSet(set), set.resolution, set.classes.length, seed, steps].join(" ");
  return folder && join(folder, "classifiers", `${createHash("sha256").update(key).digest("hex")}.safetensors`);
}

/** The weights in a file; undefined where it is not there, or not what was written: they are made again then. */
async function cachedWeights(path: string, classes: number): Promise<Classifier<Float32Array> | undefined> {
  try {
    const weights = decodeClassifier(await readFile(path), path);
    return weights.output.bias.length === classes ? weights : undefined;
  } catch {
    return undefined;
  }
}

/** A cache is a convenience: where it cannot be written, the work is not lost. */
async function cacheWeights(path: string, weights: Classifier<Float32Array>): Promise<void> {
  try {
    await makeFolderSynced(dirname(path));
    await writeFileAtomic(path, encodeClassifier(weights));
  } catch {}
}
