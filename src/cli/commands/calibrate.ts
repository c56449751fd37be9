/** @file `strata calibrate`: the temperatures and guidance whose samples are nearest to held-out images. */
import { join } from "node:path";
import type { Runtime } from "../../engine/index.js";
import {
  type CalibrateOptions,
  calibrate,
  defaultSearchLists,
  heldOutImages,
} from "../../experiments/calibration/calibrate.js";
import { searchSpace } from "../../experiments/calibration/search-space.js";
import { type Calibration, calibrationFolder, samplerOptionsOf } from "../../experiments/calibration/settings.js";
import { imageGrid } from "../../inference/picture-grid.js";
import { Sampler } from "../../inference/sampling/sampler.js";
import type { TrainedModel } from "../../inference/trained-model.js";
import { writeFileAtomic } from "../../io/files/atomic-file.js";
import { formatCount, formatDuration } from "../../number-format.js";
import { locateRun } from "../../training/run/open-run.js";
import { batchSize, imageCount, minutes, parseWeights } from "../options/arguments.js";
import { type Context, createCommand, createRuntime, withContext } from "../options/command.js";
import { addExtractorOptions, type ExtractorOptions, openExtractor } from "../options/features-options.js";
import { fetchNamedRun } from "../options/hub.js";
import { addDataOptions, type ImageOptions, openImages } from "../options/images.js";
import { checkFolderPlace } from "../options/output-place.js";
import { runName } from "../options/run-source.js";
import { addWeightsOptions, openModel, type WeightsOptions } from "../options/sampling-options.js";
import { calibrationText } from "../output/calibration-text.js";
import { secondsLeft } from "../output/progress.js";

interface Options extends WeightsOptions, ExtractorOptions, ImageOptions {
  batch: number;
  count: number;
  temperatures: string;
  mean: string;
  variance: string;
  minutes?: number;
  out?: string;
}

/** Samples of the pictures before and after, and how many stand in a row. */
const SHOWN = 64;
const COLUMNS = 8;
/** Images made at once where nothing is said. */
const BATCH = 16;

export const calibrateCommand = addExtractorOptions(
  addWeightsOptions(
    addDataOptions(
      createCommand(
        "calibrate <run>",
        "find the temperature and guidance whose samples are nearest to held-out images; run it again to resume",
        "strata calibrate runs/emoji --data emoji --minutes 10",
      ),
      {
        description: "data source: its validation images choose the settings, its test images check them",
        required: true,
      },
    ),
  ),
  "classifier",
)
  .option(
    "--count <n>",
    "samples that decide between settings; a quarter and a half of them discard",
    imageCount(16),
    500,
  )
  .option("--temperatures <list>", "temperatures to try at each resolution", defaultSearchLists.temperatures.join(","))
  .option("--mean <list>", "guidance weights of the mean to try", defaultSearchLists.means.join(","))
  .option("--variance <list>", "guidance weights of the variance to try", defaultSearchLists.variances.join(","))
  .option("--minutes <m>", "end the search after so long, with the best settings so far", minutes)
  .option("--batch <n>", "images to compute at once", batchSize, BATCH)
  .option(
    "--out <folder>",
    "where to keep settings, candidates and pictures (default: RUN/calibration; for pretrained:NAME and hf:OWNER/NAME, NAME-calibration here)",
  )
  .action(withContext(runCalibrate));

async function runCalibrate(context: Context, options: Options, run: string): Promise<void> {
  const { data, temperatures, mean, variance, count, batch } = options;
  const { progress, seed = 0, signal } = context;
  const lists = {
    temperatures: parseWeights(temperatures, "--temperatures"),
    means: parseWeights(mean, "--mean"),
    variances: parseWeights(variance, "--variance"),
  };
  await fetchNamedRun(run, context);
  const folder = options.out ?? folderOf(run);
  checkFolderPlace(folder);
  const model = await openModel({ ...options, run }, context);
  searchSpace(model.config.model, lists); // refused before the work, not amid it
  const { resolution } = model.config.model;
  const splits = await openImages({ ...options, data }, { resolution }, context);
  const images = heldOutImages(splits);
  await using runtime = await createRuntime(context);
  await using extractor = await openExtractor(options, { resolution, train: splits.train }, context, runtime);
  const found = await calibrate({
    ...{ model, extractor, images, data, folder, count, seed, lists, batch, runtime, signal },
    ...watch(options.minutes, context),
  }).catch((error) => {
    if (signal.aborted) progress.note(`What was measured is kept in ${folder}; run the same command to resume.`);
    throw error;
  });
  await drawBoth(model, found, folder, { batch, runtime }, context);
  context.result({ run, out: folder, ...found }, calibrationText(run, found, options.out ?? ownFolder(run, folder)));
}

/** A model that ships, or was fetched, lies where it is not ours to write to. */
const folderOf = (run: string): string =>
  locateRun(run) === run ? calibrationFolder(run) : `${runName(run)}-calibration`;

/** What `--calibrated` has to be told to find the settings; undefined where it finds them itself. */
const ownFolder = (run: string, folder: string): string | undefined =>
  folder === calibrationFolder(run) ? undefined : folder;

/** The budget of time, and the line that says how much of it, or of the work, is left. */
function watch(
  budget: number | undefined,
  { progress }: Context,
): Required<Pick<CalibrateOptions, "isOver" | "onProgress">> {
  const startMs = performance.now();
  const spent = () => (performance.now() - startMs) / 1000;
  const allowed = budget === undefined ? Number.POSITIVE_INFINITY : 60 * budget;
  let stage = { done: 0, total: 0, seconds: 0 };
  return {
    isOver: () => spent() >= allowed,
    onProgress: ({ what, done, total }) => {
      if (total !== stage.total) stage = { done, total, seconds: spent() };
      const ofWork = secondsLeft(done - stage.done, total - stage.done, spent() - stage.seconds);
      const budgetLeft = allowed - spent(); // none during the check, which the budget does not limit
      const left = budgetLeft > 0 ? Math.min(ofWork, budgetLeft) : ofWork;
      const time = Number.isFinite(left) ? `at most ${formatDuration(left)} left` : undefined;
      progress.update({
        parts: [what, `${formatCount(done)} of ${formatCount(total)} samples`, time],
        importance: [0, 2, 1],
      });
    },
  };
}

/** Pictures from the noise of the check: with the model's own distribution, and with the settings that the search found. */
async function drawBoth(
  model: TrainedModel,
  { found: { best, seeds } }: Calibration,
  folder: string,
  { batch, runtime }: { batch: number; runtime: Runtime },
  { signal, progress }: Context,
): Promise<void> {
  await using sampler = new Sampler(model, { batch, runtime });
  for (const [name, settings] of [
    ["unadjusted", {}],
    ["calibrated", samplerOptionsOf(best)],
  ] as const) {
    progress.update(`pictures, ${name} …`);
    const drawn = await sampler.sample({ count: SHOWN, seed: seeds.check, signal, ...settings });
    await writeFileAtomic(join(folder, `${name}.png`), await imageGrid(drawn, COLUMNS));
  }
}
