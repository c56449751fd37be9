/** @file `strata calibrate`: the temperatures and guidance whose samples are nearest to held-out images. */
import { join } from "node:path";
import type { Runtime } from "../../engine/index.js";
import {
  type CalibrateOptions,
  calibrate,
  defaultSearchLists,
  heldOutImages,
} from "../../experiments/calibration/calibrate.js";
import { shared } from "../../experiments/calibration/common-samples.js";
import { searchSpace } from "../../experiments/calibration/search-space.js";
import { type Calibration, calibrationFolder, samplerOptionsOf } from "../../experiments/calibration/settings.js";
import { imageGrid } from "../../inference/picture-grid.js";
import { Sampler } from "../../inference/sampling/sampler.js";
import type { TrainedModel } from "../../inference/trained-model.js";
import { writeFileAtomic } from "../../io/files/atomic-file.js";
import { formatCount, formatDuration } from "../../number-format.js";
import type { Refinement } from "../../refinement/refinement.js";
import { locateRun } from "../../training/run/open-run.js";
import { runPaths } from "../../training/run/run-folder.js";
import { batchSize, imageCount, minutes, parseWeights, share } from "../options/arguments.js";
import { type Context, createCommand, createRuntime, withContext } from "../options/command.js";
import { addExtractorOptions, type ExtractorOptions, openExtractor } from "../options/features-options.js";
import { fetchNamedRun } from "../options/hub.js";
import { addDataOptions, type ImageOptions, openImages } from "../options/images.js";
import { checkFolderPlace } from "../options/output-place.js";
import { runName } from "../options/run-source.js";
import {
  addWeightsOptions,
  openModel,
  openRefined,
  refinedFolder,
  type WeightsOptions,
} from "../options/sampling-options.js";
import { calibrationText } from "../output/calibration-text.js";
import { secondsLeft } from "../output/progress.js";

interface Options extends WeightsOptions, ExtractorOptions, ImageOptions {
  refined?: true | string;
  batch: number;
  count: number;
  temperatures: string;
  mean: string;
  variance: string;
  refineGuidance: string;
  accuracy?: number;
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
    "--refined [folder]",
    "calibrate samples whose first groups are drawn by the run's refinement, or by that of a folder",
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
  .option(
    "--refine-guidance <list>",
    "with --refined, guidance weights of the refinement to try, instead of --mean and --variance",
    defaultSearchLists.refinementGuidance.join(","),
  )
  .option(
    "--accuracy <share>",
    "search among settings whose samples the classifier takes for their label at least so often, such as 0.95",
    share,
  )
  .option("--minutes <m>", "end the search after so long, with the best settings so far", minutes)
  .option("--batch <n>", "images to compute at once", batchSize, BATCH)
  .option(
    "--out <folder>",
    "where to keep settings, candidates and pictures (default: calibration in the folder of the run, or of its refinement; for pretrained:NAME and hf:OWNER/NAME, NAME-calibration here, or NAME-refined-calibration)",
  )
  .action(withContext(runCalibrate));

async function runCalibrate(context: Context, options: Options, run: string): Promise<void> {
  const { data, temperatures, mean, variance, refineGuidance, count, batch } = options;
  const { progress, seed = 0, signal } = context;
  const lists = {
    temperatures: parseWeights(temperatures, "--temperatures"),
    means: parseWeights(mean, "--mean"),
    variances: parseWeights(variance, "--variance"),
    refinementGuidance: parseWeights(refineGuidance, "--refine-guidance"),
  };
  await fetchNamedRun(run, context);
  const folder = options.out ?? folderOf(run, options);
  checkFolderPlace(folder);
  const model = await openModel({ ...options, run }, context);
  const { refined } = options;
  const refinement = await openRefined(model, { run, refined }, (message) => progress.note(message));
  searchSpace(model.config.model, lists, refinement?.groups); // refused before the work, not amid it
  const { resolution } = model.config.model;
  const splits = await openImages({ ...options, data }, { resolution }, context);
  const images = heldOutImages(splits);
  await using runtime = await createRuntime(context);
  await using extractor = await openExtractor(options, { resolution, train: splits.train }, context, runtime);
  const found = await calibrate({
    ...{
      accuracy: options.accuracy,
      model,
      refinement,
      extractor,
      images,
      data,
      folder,
      count,
      seed,
      lists,
      batch,
      runtime,
      signal,
    },
    ...watch(options.minutes, context),
  }).catch((error) => {
    if (signal.aborted) progress.note(`What was measured is kept in ${folder}; run the same command to resume.`);
    throw error;
  });
  await drawBoth(model, found, folder, { batch, runtime, refinement }, context);
  await refinement?.dispose();
  context.result({ run, out: folder, ...found }, calibrationText(run, found, useOf(run, folder, options)));
}

/** Where a calibration is kept, and looked for, where nothing is said. */
const ownFolder = (run: string, { refined }: Pick<Options, "refined">): string =>
  refined === undefined ? calibrationFolder(run) : runPaths(refinedFolder(run, refined)).calibration;

/** A model that ships, or was fetched, lies where it is not ours to write to; so does its refinement. */
const folderOf = (run: string, { refined }: Pick<Options, "refined">): string =>
  locateRun(run) === run || typeof refined === "string"
    ? ownFolder(run, { refined })
    : `${runName(run)}-${refined ? "refined-" : ""}calibration`;

/** What `sample` has to be told to use the settings. */
const useOf = (run: string, folder: string, { refined }: Pick<Options, "refined">): string[] => [
  ...(refined === undefined ? [] : ["--refined"]),
  ...(typeof refined === "string" ? [refined] : []),
  "--calibrated",
  ...(folder === ownFolder(run, { refined }) ? [] : [folder]),
];

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
  { batch, runtime, refinement: draws }: { batch: number; runtime: Runtime; refinement?: Refinement },
  { signal, progress }: Context,
): Promise<void> {
  const refinement = draws && shared(draws);
  const unadjusted = { temperature: [], guidance: [], ...(refinement && { refinement: { guidance: 0 } }) };
  await using sampler = new Sampler(model, { batch, runtime, refinement });
  for (const [name, settings] of Object.entries({ unadjusted, calibrated: best })) {
    progress.update(`pictures, ${name} …`);
    const drawn = await sampler.sample({ count: SHOWN, seed: seeds.check, signal, ...samplerOptionsOf(settings) });
    await writeFileAtomic(join(folder, `${name}.png`), await imageGrid(drawn, COLUMNS));
  }
}
