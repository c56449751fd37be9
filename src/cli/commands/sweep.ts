/** @file `strata sweep guidance`: sample quality at every pair of guidance weights. */
import type { Runtime } from "../../engine/index.js";
import { UserError } from "../../errors.js";
import { type CellOptions, guidanceSweep, measureCell, type SweepOptions } from "../../experiments/guidance-sweep.js";
import { cellsOf, type SweepGrid, sweepGrid } from "../../experiments/sweep-grid.js";
import type { ImageSampler } from "../../inference/sampling/sampler.js";
import type { TrainedModel } from "../../inference/trained-model.js";
import { guidanceWeights } from "../../latents/per-group.js";
import { formatCount, formatDuration } from "../../number-format.js";
import { distanceOfPart } from "../../quality/finite-sample.js";
import { qualityMetrics } from "../../quality/quality.js";
import { imageCount, parseWeights, wholeNumbers } from "../options/arguments.js";
import { type Context, createCommand, createRuntime, withContext } from "../options/command.js";
import {
  addFeatureOptions,
  measurableOf,
  metricList,
  openExtractor,
  openReference,
  qualityAsked,
} from "../options/features-options.js";
import { addDataOptions, openImages } from "../options/images.js";
import { checkFolderPlace } from "../options/output-place.js";
import { addRankOptions, sharedByRanks } from "../options/ranks.js";
import {
  addSamplingOptions,
  createSampler,
  openModel,
  sampleOptions,
  samplingModels,
} from "../options/sampling-options.js";
import { type GuidanceSweepOptions, sweepSettings } from "../options/sweep-options.js";
import { secondsLeft } from "../output/progress.js";

/** The figures of the paper's Table 2. */
const METRICS = ["fid", "precision", "recall"];

const guidanceCommand = addRankOptions(
  addFeatureOptions(
    addSamplingOptions(
      addDataOptions(
        createCommand(
          "guidance",
          "measure sample quality at every pair of guidance weights (the paper's Table 2); run it again to resume",
          "strata sweep guidance --run pretrained:emoji32 --data emoji --features pixels --mean 0,1,2 --variance 0,2,5 --count 500 --out sweep",
        ),
        { description: "data source: its training images are the reference" },
      ),
    ),
  ),
)
  .requiredOption("--mean <list>", "weights of the mean, such as 0,0.5,1,1.5,2")
  .requiredOption("--variance <list>", "weights of the variance, such as 0,0.5,1,2,3,4,5")
  .requiredOption("--count <n>", "samples per cell (50,000 in publications)", imageCount(4))
  .option("--seeds <list>", "make a table per seed, and their mean and deviation (default: --seed)", wholeNumbers)
  .option(
    "--metrics <list>",
    `metrics to compute: ${qualityMetrics.join(", ")} (default: ${METRICS.join(", ")})`,
    metricList(qualityMetrics),
  )
  .requiredOption("--out <folder>", "folder for cells, tables, charts and the report; run the same command to resume")
  .action(withContext(sharedByRanks(runGuidanceSweep)));

export const sweepCommand = createCommand(
  "sweep",
  "measure a model over a range of settings",
  "strata sweep guidance --run pretrained:emoji32 --data emoji --features pixels --mean 0,1 --variance 0,2 --count 500 --out sweep",
).addCommand(guidanceCommand);

async function runGuidanceSweep(context: Context, options: GuidanceSweepOptions): Promise<void> {
  checkOptions(options, context);
  checkFolderPlace(options.out);
  const grid = sweepGrid({
    means: parseWeights(options.mean, "--mean"),
    variances: parseWeights(options.variance, "--variance"),
    seeds: options.seeds ?? [context.seed ?? 0],
  });
  const model = await openModel(options, context);
  for (const cell of cellsOf(grid)) guidanceWeights(cell, model.config.model); // refused before the work, not amid it
  const models = await samplingModels(model, options, context);
  await using runtime = await createRuntime(context);
  await using sampler = createSampler(models, options, options.count, runtime);
  await sweepWith({ sampler, model, grid, runtime }, options, context);
}

/** Refuses options that contradict each other. */
function checkOptions(
  { guidance, guidanceRule, label, data, reference, seeds }: GuidanceSweepOptions,
  context: Context,
) {
  if (guidance)
    throw new UserError("invalid-options", "--guidance: the sweep sets it. Give the weights to --mean and --variance.");
  if (guidanceRule === "product") {
    throw new UserError("invalid-options", "--guidance-rule product has one weight, and a sweep of guidance two.");
  }
  if (label === "none") {
    throw new UserError(
      "invalid-options",
      "--label none: expected labels. Without them guidance changes nothing, and all cells are alike.",
    );
  }
  if (data === undefined && reference === undefined) {
    throw new UserError(
      "invalid-options",
      "Expected --data SOURCE or --reference FILE.npz: what the samples are to be compared with.",
    );
  }
  if (seeds && context.seed !== undefined)
    throw new UserError("invalid-options", "--seeds: expected no --seed with it.");
}

interface Setup {
  sampler: ImageSampler;
  model: TrainedModel;
  grid: SweepGrid;
  runtime: Runtime;
}

async function sweepWith(setup: Setup, options: GuidanceSweepOptions, context: Context): Promise<void> {
  const { sampler, model, grid, runtime } = setup;
  const { data, count, out, metrics: asked = METRICS } = options;
  const { progress, signal } = context;
  const { resolution } = sampler;
  const train =
    data === undefined ? undefined : (await openImages({ ...options, data }, { resolution }, context)).train;
  await using extractor = await openExtractor(options, { resolution, train }, context, runtime);
  const possible = qualityAsked(asked, extractor, model.config.model.classes);
  const reference = await openReference(options, { resolution, train }, extractor, context, runtime);
  const metrics = measurableOf(possible, reference, options, context);
  const settings = await sweepSettings({ model, sampler, extractor, metrics, train, runtime }, options);
  const sampling = sampleOptions(options, count, model, context);
  const { onProgress, onCell } = showCells(cellsOf(grid).length, count, context);
  const cell = { sampler, sampling, extractor, reference, metrics, runtime, signal, onProgress };
  const sweep = await guidanceSweep({
    ...{ grid, settings, folder: out, signal, onCell },
    measure: (weights) => measureCell(weights, cell),
  }).catch((error) => {
    if (signal.aborted) progress.note(`What was measured is kept in ${out}; run the same command to resume.`);
    throw error;
  });
  const [seed] = grid.seeds;
  const referenceBaseline = metrics.includes("fid")
    ? await distanceOfPart(reference, count, seed, { runtime, signal })
    : undefined;
  const { reportSweep } = await import("../output/sweep-output.js"); // charts take a moment to load
  await reportSweep({ sweep, model, extractor, reference, train, referenceBaseline }, options, context);
}

/** Shows the cell that is measured, and the time left for all. */
function showCells(
  all: number,
  count: number,
  { progress }: Context,
): Required<Pick<CellOptions, "onProgress"> & Pick<SweepOptions, "onCell">> {
  const startMs = performance.now();
  let cellsDone = 0;
  /** Samples drawn here: of the cells before, and of this one. */
  let before = 0;
  let latest = 0;
  return {
    onProgress: ({ mean, variance, seed }, { drawn, figure }) => {
      const cell = `cell ${cellsDone + 1} of ${all}:`;
      const place = `mean ${mean}, variance ${variance}, seed ${seed}`;
      latest = drawn;
      if (figure !== undefined) {
        progress.update({ parts: [cell, place, `${figure} …`], importance: [0, 2, 1] });
        return;
      }
      const left = (all - cellsDone) * count - drawn;
      const seconds = (performance.now() - startMs) / 1000;
      const samples = `${formatCount(drawn)} of ${formatCount(count)} samples`;
      const total = before + drawn;
      const time = `${formatDuration(secondsLeft(total, total + left, seconds))} left`;
      progress.update({ parts: [cell, place, samples, time], importance: [0, 3, 2, 1] });
    },
    onCell: (done) => {
      cellsDone = done;
      before += latest;
      latest = 0;
    },
  };
}
