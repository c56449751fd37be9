/** @file Calibration: which temperatures and guidance bring a model's samples nearest to images that it has not seen. */
import { digestOfSet, type ImageSet, type ImageSplits, take, takeSpread } from "../../data/index.js";
import { UserError } from "../../errors.js";
import type { BatchedOptions } from "../../inference/execution-options.js";
import { NonFiniteOutputError } from "../../inference/pictures.js";
import type { TrainedModel } from "../../inference/trained-model.js";
import { measureFeatures } from "../../quality/feature-set.js";
import type { FeatureExtractor } from "../../quality/features/extractor.js";
import { streamSet } from "../../quality/image-streams.js";
import {
  compareEnergyDistances,
  type EnergyComparison,
  energyDistance,
} from "../../quality/metrics/energy-distance.js";
import { digestOfModel, fingerprint } from "../../quality/results.js";
import type { Refinement } from "../../refinement/refinement.js";
import { version } from "../../version.js";
import { CandidateLog, type CandidateResult } from "./candidate-log.js";
import { CommonSamples, type SeenSamples } from "./common-samples.js";
import { coordinateDescent } from "./coordinate-descent.js";
import {
  coordinatesOf,
  neutralPoint,
  type SearchLists,
  type SearchSpace,
  samplingOf,
  searchSpace,
} from "./search-space.js";
import {
  type CalibratedSampling,
  type Calibration,
  type CalibrationCheck,
  isPlain,
  writeCalibration,
} from "./settings.js";

/** What {@link calibrate} tries if nothing else is said. */
export const defaultSearchLists: SearchLists = {
  temperatures: [0.6, 0.8, 0.9, 1, 1.1, 1.2],
  means: [0, 0.5, 1, 2, 3],
  variances: [0, 1, 2],
  refinementGuidance: [0, 0.5, 1, 2, 3],
};

/** How far a calibration is. */
export interface CalibrationProgress {
  /** What is decided: "temperature at 32×32", or what is checked. */
  what: string;
  /** Samples, of this search or this check; of a search `total` is what it takes at most. */
  done: number;
  total: number;
}

/** What {@link calibrate} works with. */
export interface CalibrateOptions extends BatchedOptions {
  model: TrainedModel;
  extractor: FeatureExtractor;
  /** Draws the first groups; stays open. Its guidance is searched, not its own. Default: the model's prior draws all. */
  refinement?: Refinement;
  images: HeldOutImages;
  /** Name of the data, for the record. */
  data: string;
  /** Where candidates and the settings are kept. */
  folder: string;
  /** Samples that decide between candidates; a quarter and a half of them discard. The check takes twice as many. */
  count: number;
  /** Of the search; the check has the next one. Default 0. */
  seed?: number;
  /** What to try; lists that are left out have the default's values. */
  lists?: Partial<SearchLists>;
  /**
   * Share of samples that the classifier is to take for their label, in (0, 1]: of settings that fall short of it, the one that
   * falls least short is best, and of the others the nearest to the images. Default: distance alone.
   */
  accuracy?: number;
  /** Asked before each measurement: whether to end the search with the best settings so far. They are checked all the same. */
  isOver?: () => boolean;
  onProgress?: (progress: CalibrationProgress) => void;
}

/** Images that a model has not seen, for the search and, others, for the check. */
export interface HeldOutImages {
  search: ImageSet;
  check: ImageSet;
}

/** Images of a part at most: more make the comparison no surer, whose error is that of the samples. */
const MOST_IMAGES = 2000;
/** Fewer in a part say nothing. */
const LEAST_IMAGES = 16;
/** Once through all coordinates, and once more after the first answers have changed. */
const PASSES = 2;
/** So much distance stands for a shortfall of all the accuracy: one sample in 500 weighs more than distances are apart. */
const SHORTFALL_WEIGHT = 1e3;

/**
 * Validation images for the search, test images for the check; where a source has one of them only, every second image.
 *
 * @throws UserError when there are too few
 */
export function heldOutImages({ validation, test }: Pick<ImageSplits, "validation" | "test">): HeldOutImages {
  const { search, check } =
    validation.count > 0 && test.count > 0
      ? { search: validation, check: test }
      : halves(validation.count > 0 ? validation : test);
  const least = Math.min(search.count, check.count);
  if (least < LEAST_IMAGES) {
    throw new UserError(
      "too-few-images",
      `Expected at least ${LEAST_IMAGES} held-out images to search with, and others to check with, got ${search.count} and ${check.count}.`,
    );
  }
  return { search: takeSpread(search, MOST_IMAGES), check: takeSpread(check, MOST_IMAGES) };
}

function halves(set: ImageSet): HeldOutImages {
  const indices = Array.from({ length: set.count }, (_, index) => index);
  const half = (rest: number) =>
    take(
      set,
      indices.filter((index) => index % 2 === rest),
    );
  return { search: half(0), check: half(1) };
}

/**
 * Searches for the settings whose samples have the smallest energy distance to held-out images, and checks them with samples
 * of another seed and other images. They are kept only if they are nearer there by more than the standard error.
 *
 * It is not the Fréchet distance, which is biased with few samples by an amount that depends on the settings themselves (Chong
 * and Forsyth 2020), and not the kernel distance, whose cubic kernel lets the few longest vectors decide.
 *
 * Where an accuracy is wanted that plain sampling does not have, they are also kept if the check finds them more accurate by more
 * than the standard error: guidance buys accuracy with distance.
 *
 * What has been measured is in the folder at once: the same call continues.
 *
 * @throws UserError when an accuracy is wanted of features that do not tell the model's classes, the model enlarges images, a
 *   list is not valid, or the folder cannot be written
 * @throws the signal's reason when aborted
 */
export async function calibrate(options: CalibrateOptions): Promise<Calibration> {
  const { model, extractor, images, data, folder, count, seed = 0, lists, accuracy, refinement } = options;
  checkAccuracy(options);
  const space = searchSpace(model.config.model, { ...defaultSearchLists, ...lists }, refinement?.groups);
  const digest = digestOfModel(model);
  const drawnBy = refinement ? [refinement.digest, refinement.steps] : [];
  const question = fingerprint(digest, extractor.identity, digestOfSet(images.search), seed, ...drawnBy);
  const log = await CandidateLog.open(folder, question);
  const rungs = [...new Set([4, 2, 1].map((part) => Math.ceil(count / part)))];
  const candidates = new Set<string>();
  await using samples = new CommonSamples(options);
  const found = await searchSettings({ ...options, seed, log, rungs, candidates, samples }, space);
  const best = found.sampling;
  const plain = samplingOf(neutralPoint(space), space);
  const checked = { seed: seed + 1, count: 2 * count };
  const check = isPlain(best) ? undefined : await checkSettings({ best, plain }, checked, samples, options);
  const calibration: Calibration = {
    sampling: check && isConfirmed(check, checked.count, accuracy) ? best : plain,
    weights: { digest, step: model.step },
    ...(refinement && { refinement: { digest: refinement.digest, step: refinement.step } }),
    found: {
      date: new Date().toISOString(),
      version,
      data,
      features: extractor.identity,
      images: { search: images.search.count, check: images.check.count },
      samples: { search: rungs, check: checked.count },
      seeds: { search: seed, check: checked.seed },
      candidates: candidates.size,
      isComplete: found.isComplete,
      best,
      ...(accuracy !== undefined && { accuracy }),
      ...(check && { check }),
    },
  };
  await writeCalibration(folder, calibration);
  return calibration;
}

/** Whether settings are nearer to the images than others by more than the standard error. */
const isBetter = ({ difference, standardError }: EnergyComparison): boolean => difference < -standardError;

/** @throws UserError for an accuracy that cannot be measured */
function checkAccuracy({ accuracy, extractor, model }: CalibrateOptions): void {
  if (accuracy === undefined) return;
  if (!(accuracy > 0 && accuracy <= 1)) {
    throw new UserError("out-of-range", `Expected an accuracy above 0 and up to 1, got ${accuracy}.`);
  }
  const { classes } = model.config.model;
  if (classes > 0 && extractor.classes === classes) return;
  throw new UserError(
    "missing-classes",
    `Expected features that tell the classes of the model for an accuracy, got ${extractor.name} for a model with ${classes || "no"} classes.`,
  );
}

/** Whether settings are nearer to the images than plain sampling, or as accurate as is wanted where that is not. */
function isConfirmed(check: CalibrationCheck, count: number, wanted: number | undefined): boolean {
  if (wanted === undefined || !check.accuracy || check.accuracy.unadjusted >= wanted) return isBetter(check);
  const { unadjusted, calibrated } = check.accuracy;
  return calibrated - unadjusted > Math.hypot(errorOfShare(unadjusted, count), errorOfShare(calibrated, count));
}

/** How far an accuracy is from the one that is wanted; 0 where it is not. */
const shortfall = ({ accuracy: wanted = 0 }: Pick<CalibrateOptions, "accuracy">, accuracy = 1): number =>
  Math.max(0, wanted - accuracy);

/** What the search works with besides the options. */
interface Search extends CalibrateOptions {
  seed: number;
  log: CandidateLog;
  rungs: readonly number[];
  /** Filled with the settings that were measured, now or earlier. */
  candidates: Set<string>;
  samples: CommonSamples;
}

async function searchSettings(search: Search, space: SearchSpace) {
  const { seed, log, rungs, candidates, samples, images, extractor } = search;
  const { isOver, runtime, signal, onProgress } = search;
  const { rows: reference } = await measureFeatures(streamSet(images.search), extractor, { runtime, signal });
  const last = rungs.at(-1)!;
  const rankOf = ({ distance, accuracy }: CandidateResult) => distance + SHORTFALL_WEIGHT * shortfall(search, accuracy);
  const measured = async (sampling: CalibratedSampling, count: number, onDrawn: (drawn: number) => void) => {
    const seen = await samples.see(sampling, { seed, count }, onDrawn);
    const distance = await energyDistance(seen.rows, reference, extractor.width, { runtime, signal });
    return { distance, ...(seen.recognised.length > 0 && { accuracy: accuracyOf(seen) }) };
  };
  const { point, isComplete } = await coordinateDescent({
    start: neutralPoint(space),
    coordinates: coordinatesOf(space),
    rungs,
    passes: PASSES,
    keyOf: (each) => JSON.stringify(samplingOf(each, space)),
    measure: async (each, count, onDrawn) => {
      const sampling = samplingOf(each, space);
      candidates.add(JSON.stringify(sampling));
      const known = log.find(sampling, count);
      if (known) return rankOf(known);
      signal?.throwIfAborted();
      const result = await measured(sampling, count, onDrawn).catch(overflown);
      await log.add(sampling, count, result);
      return rankOf(result);
    },
    isSurelyBetter: async (each, than) => {
      const [better, worse] = [samplingOf(each, space), samplingOf(than, space)];
      if (log.find(worse, last)?.distance === Number.POSITIVE_INFINITY) return true;
      const [ahead, behind] = [log.find(better, last), log.find(worse, last)];
      const gain = shortfall(search, behind?.accuracy) - shortfall(search, ahead?.accuracy);
      if (gain !== 0) {
        const errors = [ahead, behind].map((result) => errorOfShare(result!.accuracy!, last));
        return gain > Math.hypot(...errors) / 2; // of the same samples: half of what independent ones would have
      }
      const known = log.findComparison(better, worse, last);
      if (known) return isBetter(known);
      const [a, b] = [
        await samples.see(better, { seed, count: last }),
        await samples.see(worse, { seed, count: last }),
      ];
      const compared = await compareEnergyDistances(a.rows, b.rows, reference, extractor.width, { runtime, signal });
      await log.addComparison(better, worse, last, compared);
      return isBetter(compared);
    },
    isOver,
    onProgress: ({ coordinate, done, total }) => onProgress?.({ what: coordinate, done, total }),
  });
  return { sampling: samplingOf(point, space), isComplete };
}

/** Standard error of a share of so many samples that are drawn independently. */
const errorOfShare = (share: number, count: number): number => Math.sqrt((share * (1 - share)) / count);

/** What stands for a candidate whose samples are no pictures; other errors are thrown on. */
function overflown(error: unknown): CandidateResult {
  if (error instanceof NonFiniteOutputError) return { distance: Number.POSITIVE_INFINITY };
  throw error;
}

/**
 * The settings beside plain sampling, with samples and images that the search has not seen; undefined where the model
 * overflows at these settings.
 */
async function checkSettings(
  settings: { best: CalibratedSampling; plain: CalibratedSampling },
  { seed, count }: { seed: number; count: number },
  samples: CommonSamples,
  { images, extractor, runtime, signal, onProgress }: CalibrateOptions,
): Promise<CalibrationCheck | undefined> {
  const { width } = extractor;
  const { rows: reference } = await measureFeatures(streamSet(images.check), extractor, { runtime, signal });
  const what = "check with another seed and other images";
  const report = (before: number) => (drawn: number) => onProgress?.({ what, done: before + drawn, total: 2 * count });
  const plain = await samples.see(settings.plain, { seed, count }, report(0));
  const calibrated = await samples.see(settings.best, { seed, count }, report(count)).catch((error) => {
    if (error instanceof NonFiniteOutputError) return undefined;
    throw error;
  });
  if (!calibrated) return undefined;
  const distance = (seen: SeenSamples) => energyDistance(seen.rows, reference, width, { runtime, signal });
  const { difference, standardError } = await compareEnergyDistances(calibrated.rows, plain.rows, reference, width, {
    runtime,
    signal,
  });
  return {
    metric: `energy distance (${extractor.name})`,
    distance: { unadjusted: await distance(plain), calibrated: await distance(calibrated) },
    difference,
    standardError,
    ...(plain.recognised.length > 0 && {
      accuracy: { unadjusted: accuracyOf(plain), calibrated: accuracyOf(calibrated) },
    }),
  };
}

const accuracyOf = ({ recognised }: SeenSamples): number =>
  recognised.reduce((sum, each) => sum + each, 0) / recognised.length;
