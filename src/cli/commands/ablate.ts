/** @file `strata ablate`: the paper's four runs of Table 1, then the table and its figures. */
import type { ImageSet, ImageSplits } from "../../data/index.js";
import type { Runtime } from "../../engine/index.js";
import { UserError } from "../../errors.js";
import { type AblationRun, ablationRuns } from "../../experiments/ablation.js";
import { measureRuns } from "../../experiments/ablation-measurement.js";
import { heldOutSplit } from "../../experiments/evaluation.js";
import { trainUpTo } from "../../experiments/train-up-to.js";
import { batchSize, imageCount, wholeNumber, wholeNumbers } from "../options/arguments.js";
import { type Context, createCommand, createRuntime, Interrupted, withContext } from "../options/command.js";
import { addConfigurationOptions, type ConfigurationOptions, resolveConfiguration } from "../options/configuration.js";
import {
  addExtractorOptions,
  type ExtractorOptions,
  openExtractor,
  qualityAsked,
  showStages,
} from "../options/features-options.js";
import { addDataOptions, type ImageOptions, openImages } from "../options/images.js";
import { checkFolderPlace, makeFolder } from "../options/output-place.js";
import { addRankOptions, sendImagesOption, sharedByRanks } from "../options/ranks.js";
import { showTraining } from "../output/training-display.js";

interface AblateOptions extends ConfigurationOptions, ExtractorOptions, ImageOptions {
  out: string;
  steps?: number;
  seeds?: number[];
  count: number;
  batch?: number;
  sendImages?: boolean;
}

/** The paper's figures of a row. */
const METRICS = ["fid", "precision", "recall"];
/** Samples of each run where nothing is said. */
const COUNT = 10_000;

export const ablateCommand = addRankOptions(
  addExtractorOptions(
    addConfigurationOptions(
      addDataOptions(
        createCommand(
          "ablate",
          "run the paper's ablation: four runs with and without its two ideas, their table and figures",
          "strata ablate --preset cifar10-small --data cifar10 --features classifier --steps 1200 --out runs/ablation",
        ),
        { required: true },
      ),
    ),
  ),
)
  .requiredOption("--out <folder>", "folder for the runs, the table and the report; run the same command to resume")
  .option("--steps <n>", "batches to train each run (default: the configuration's)", wholeNumber(1))
  .option("--seeds <list>", "train every row with each of these seeds, such as 0,1,2 (default: one)", wholeNumbers)
  .option("--count <n>", "samples to draw, and the most test images to measure", imageCount(16), COUNT)
  .option("--batch <n>", "images to compute at once", batchSize)
  .addOption(sendImagesOption())
  .action(withContext(sharedByRanks(runAblate)));

async function runAblate(context: Context, options: AblateOptions): Promise<void> {
  const { out, data: source } = options;
  const { seed, signal } = context;
  checkFolderPlace(out);
  const config = resolveConfiguration(options, { ...context, seed: undefined });
  if (config.model.superResolution) {
    throw new UserError("wrong-model", "strata ablate: expected a model that draws by itself, got one that enlarges.");
  }
  const seeds = options.seeds ?? [seed ?? config.training.seed];
  const runs = ablationRuns(config, out, seeds);
  const data = await openImages(options, config.model, context);
  const images = { train: data.train, test: heldOutImages(data, source) };
  makeFolder(out);
  await using runtime = await createRuntime(context);
  const { resolution } = config.model;
  await using extractor = await openExtractor(options, { resolution, train: data.train }, context, runtime); // before hours of training
  for (const run of runs) {
    await trainRun(run, data, options, context, runtime);
    if (signal.aborted) return;
  }
  const measured = await measureRuns(runs, extractor, images, {
    ...{ out, count: options.count, batch: options.batch, seed, runtime, signal },
    metrics: qualityAsked(METRICS, extractor),
    onNotice: (message) => context.progress.note(message),
    onProgress: showStages(context.progress),
  });
  const { reportAblation } = await import("../output/ablation-output.js"); // charts take a moment to load
  await reportAblation(measured, config, data.train, options, context);
}

/**
 * Trains one run, or resumes it, unless it is far enough.
 *
 * @throws UserError when the folder holds another run, or one that is further
 */
async function trainRun(
  { row, folder, config }: AblationRun,
  data: ImageSplits,
  { steps = config.training.steps, sendImages }: AblateOptions,
  { progress, ranks, signal }: Context,
  runtime: Runtime,
): Promise<void> {
  const { interrupted } = await trainUpTo({
    ...{ config, data, out: folder, steps, runtime, ranks, sendImages, signal },
    onEvent: showTraining(folder, config.model.resolution, progress),
    onBegin: (begun) => progress.note(`${begun ? "resuming" : "training"} ${row.title}: ${folder}`),
    onNotice: (message) => progress.note(message),
  });
  if (interrupted) throw new Interrupted();
}

/**
 * The images that no run sees: those for testing, or else those for validation.
 *
 * @throws UserError when there are neither
 */
function heldOutImages(data: ImageSplits, source: string): ImageSet {
  const images = data[heldOutSplit(data)];
  if (images.count === 0)
    throw new UserError("too-few-images", `--data ${source}: expected held-out images, got none.`);
  return images;
}
