import type { Runtime } from "../engine/index.js";
import { UserError } from "../errors.js";
import { type FeatureSet, measureFeatures } from "../experiments/feature-set.js";
import { distanceOfPart } from "../experiments/finite-sample.js";
import { guidanceSweep, type SweepOptions } from "../experiments/guidance-sweep.js";
import { drawnPictures, keepFirst, watched } from "../experiments/picture-streams.js";
import { compare, needsRows, type QualityMetric, qualityMetrics } from "../experiments/quality.js";
import { cellsOf, type SweepCell, type SweepGrid, sweepGrid } from "../experiments/sweep-grid.js";
import type { FeatureExtractor } from "../features/extractor.js";
import { guidanceWeights } from "../generation/guidance.js";
import type { ImageSampler, Samples } from "../generation/sampler.js";
import type { TrainedModel } from "../generation/trained-model.js";
import { formatCount, formatDuration } from "../number-format.js";
import { imageCount, wholeNumbers } from "./arguments.js";
import { type Context, createCommand, withContext } from "./command.js";
import {
  addFeatureOptions,
  type FeatureOptions,
  measurableOf,
  metricList,
  openExtractor,
  openReference,
  qualityAsked,
} from "./features-options.js";
import { parseWeights } from "./guidance-options.js";
import { type ImageOptions, layoutOption, openImages } from "./images.js";
import { openSampler } from "./open-sampler.js";
import { checkFolderPlace } from "./output-place.js";
import { secondsLeft } from "./progress.js";
import { createRuntime } from "./runtime.js";
import { addSamplingOptions, openModel, type SamplingOptions, sampleOptions } from "./sampling-options.js";
import { reportSweep } from "./sweep-output.js";
import { sweepSettings } from "./sweep-settings.js";

/** Options of `sweep guidance`. */
export interface GuidanceSweepOptions extends SamplingOptions, FeatureOptions, Partial<ImageOptions> {
  mean: string;
  variance: string;
  seeds?: number[];
  metrics?: string[];
  count: number;
  out: string;
}

/** The figures of the paper's Table 2. */
const METRICS = ["fid", "precision", "recall"];
/** Samples of each cell that are shown. */
const SHOWN = 8;

const guidanceCommand = addFeatureOptions(
  addSamplingOptions(
    createCommand(
      "guidance",
      "sample quality at every pair of guidance weights (the paper's Table 2); a cell that is measured is kept, and the same command goes on",
      "strata sweep guidance --run pretrained:emoji32 --data emoji --features pixels --mean 0,1,2 --variance 0,2,5 --count 500 --out sweep",
    ),
  ),
)
  .requiredOption("--mean <list>", "weights of the mean, such as 0,0.5,1,1.5,2")
  .requiredOption("--variance <list>", "weights of the variance, such as 0,0.5,1,2,3,4,5")
  .requiredOption("--count <n>", "samples of each cell (50,000 in publications)", imageCount(4))
  .option("--data <source>", "its training images are the reference")
  .addOption(layoutOption())
  .option(
    "--seeds <list>",
    "a table for each seed, and their mean and deviation (default: that of --seed)",
    wholeNumbers,
  )
  .option(
    "--metrics <list>",
    `some of ${qualityMetrics.join(", ")} (default: ${METRICS.join(", ")})`,
    metricList(qualityMetrics),
  )
  .requiredOption("--out <folder>", "where cells are kept, and tables, charts and the page go")
  .action(withContext(runGuidanceSweep));

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
  const runtime = await createRuntime(context);
  try {
    const sampler = await openSampler(model, options, options.count, context, runtime);
    try {
      await sweepWith({ sampler, model, grid, runtime }, options, context);
    } finally {
      await sampler.dispose();
    }
  } finally {
    await runtime.dispose();
  }
}

/** Refuses options that contradict each other. */
function checkOptions(
  { guidance, guidanceRule, label, data, reference, seeds }: GuidanceSweepOptions,
  context: Context,
) {
  if (guidance) throw new UserError("--guidance: the sweep sets it. Give the weights to --mean and --variance.");
  if (guidanceRule === "product") {
    throw new UserError("--guidance-rule product has one weight, and a sweep of guidance two.");
  }
  if (label === "none") {
    throw new UserError(
      "--label none: expected labels. Without them guidance changes nothing, and all cells are alike.",
    );
  }
  if (data === undefined && reference === undefined) {
    throw new UserError("Expected --data SOURCE or --reference FILE.npz: what the samples are to be compared with.");
  }
  if (seeds && context.seed !== undefined) throw new UserError("--seeds: expected no --seed with it.");
}

interface Setup {
  sampler: ImageSampler;
  model: TrainedModel;
  grid: SweepGrid;
  runtime: Runtime;
}

async function sweepWith(setup: Setup, options: GuidanceSweepOptions, context: Context): Promise<void> {
  const { sampler, model, grid, runtime } = setup;
  const { data, layout, count, out, metrics: asked = METRICS } = options;
  const { progress, signal } = context;
  const { resolution } = sampler;
  const train = data === undefined ? undefined : (await openImages({ data, layout }, { resolution }, context)).train;
  const extractor = await openExtractor(options, { resolution, train }, context, runtime);
  try {
    const possible = qualityAsked(asked, extractor);
    const reference = await openReference(options, { resolution, train }, extractor, context, runtime);
    const metrics = measurableOf(possible, reference, options, context);
    const settings = await sweepSettings({ model, sampler, extractor, metrics, train }, options);
    const measure = measurerOf(setup, { extractor, reference, metrics }, options, context);
    const sweep = await guidanceSweep({ grid, settings, folder: out, signal, ...measure }).catch((error) => {
      if (signal.aborted) progress.note(`What was measured is kept in ${out}; the same command goes on.`);
      throw error;
    });
    const [seed] = grid.seeds;
    const ofPart = metrics.includes("fid")
      ? await distanceOfPart(reference, count, seed, { runtime, signal })
      : undefined;
    await reportSweep({ sweep, model, extractor, reference, train, ofPart }, options, context);
  } finally {
    await extractor.dispose();
  }
}

interface Ruler {
  extractor: FeatureExtractor;
  reference: FeatureSet;
  metrics: QualityMetric[];
}

/** How a cell is drawn and measured, and how far the sweep is told. */
function measurerOf(
  { sampler, model, grid, runtime }: Setup,
  { extractor, reference, metrics }: Ruler,
  options: GuidanceSweepOptions,
  context: Context,
): Pick<SweepOptions, "measure" | "onCell"> {
  const { count } = options;
  const { progress, signal } = context;
  const all = cellsOf(grid).length;
  const startMs = performance.now();
  let cellsDone = 0;
  let drawn = 0;
  const sampling = sampleOptions(options, count, model, context);
  const measure = async ({ mean, variance, seed }: SweepCell) => {
    const asked = { ...sampling, seed, guidance: { mean, variance }, signal };
    const shown = keepFirst(Math.min(SHOWN, count), sampler.resolution);
    let clamped = 0;
    const before = drawn;
    const cell = `cell ${cellsDone + 1} of ${all}`;
    const place = `mean ${mean}, variance ${variance}, seed ${seed}`;
    const onProgress = (done: number) => {
      drawn = before + done;
      const left = (all - cellsDone) * count - done;
      const seconds = (performance.now() - startMs) / 1000;
      const samples = `${formatCount(done)} of ${formatCount(count)} samples`;
      const time = `${formatDuration(secondsLeft(drawn, drawn + left, seconds))} left`;
      progress.update({ parts: [`${cell}:`, place, samples, time], importance: [0, 3, 2, 1] });
    };
    const stream = watched(drawnPictures(sampler, asked), (part: Samples, first) => {
      shown.look(part, first);
      clamped += part.clamped;
    });
    const logits = metrics.includes("is");
    const keep = needsRows(metrics) ? count : 0;
    const features = await measureFeatures(stream, extractor, { keep, logits, runtime, signal, onProgress });
    const report = (name: string) =>
      progress.update({ parts: [`${cell}:`, place, `${name} …`], importance: [0, 2, 1] });
    const quality = await compare(features, reference, metrics, extractor.name, {
      runtime,
      signal,
      onProgress: report,
    });
    return { quality, pictures: shown.pictures, clamped };
  };
  const onCell = (done: number) => {
    cellsDone = done;
  };
  return { measure, onCell };
}
