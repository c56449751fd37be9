/** @file `strata compare`: runs beside one another, on one page. */
import { existsSync } from "node:fs";
import { basename } from "node:path";
import type { Config } from "../../config/index.js";
import { type ImageSplits, sourceNames } from "../../data/index.js";
import type { Runtime } from "../../engine/index.js";
import { UserError } from "../../errors.js";
import { type ComparedFigure, compareModels, type NamedModel } from "../../experiments/comparison/compare-runs.js";
import { replicates, settingDifferences } from "../../experiments/comparison/setting-differences.js";
import { heldOutSplit } from "../../experiments/evaluation.js";
import { NonFiniteOutputError } from "../../inference/pictures.js";
import type { TrainedModel } from "../../inference/trained-model.js";
import { formatCount } from "../../number-format.js";
import { fewWarning } from "../../quality/finite-sample.js";
import { nameOfMetric } from "../../quality/quality.js";
import { REFERENCE_ROWS } from "../../quality/reference.js";
import type { ComparedPictures } from "../../report/comparison-drawings.js";
import type { ComparedRun } from "../../report/comparison-report.js";
import { summariseModel } from "../../training/cost/model-summary.js";
import { listCheckpoints } from "../../training/run/checkpoint.js";
import { readMetrics } from "../../training/run/metrics-log.js";
import { locateRun } from "../../training/run/open-run.js";
import { readDataSummary, readRunConfig, runPaths } from "../../training/run/run-folder.js";
import { batchSize, imageCount } from "../options/arguments.js";
import { type Context, createCommand, createRuntime, withContext } from "../options/command.js";
import {
  addExtractorOptions,
  type ExtractorOptions,
  openExtractor,
  openReference,
  showStages,
} from "../options/features-options.js";
import { fetchNamedRun } from "../options/hub.js";
import { addDataOptions, type ImageOptions, openImages } from "../options/images.js";
import { checkFolderPlace, makeFolder } from "../options/output-place.js";
import { runName } from "../options/run-source.js";
import { addWeightsOptions, openModel, type WeightsOptions } from "../options/sampling-options.js";

interface Options extends WeightsOptions, ExtractorOptions, Partial<ImageOptions> {
  count: number;
  batch?: number;
  out: string;
}

/** Samples of each run, and held-out images measured at most, where nothing is said. */
const COUNT = 1000;

export const compareCommand = addExtractorOptions(
  addDataOptions(
    addWeightsOptions(
      createCommand(
        "compare <run...>",
        "show runs side by side: settings that differ, curves, pictures from one noise, figures with intervals",
        "strata compare runs/a runs/b --data cifar10 --features classifier --out runs/a-b",
      ),
    ),
    { description: `measure the runs on these images: ${sourceNames}` },
  ),
  "pixels",
)
  .option("--count <n>", "samples to draw of each run, and the most held-out images to measure", imageCount(20), COUNT)
  .option("--batch <n>", "images to compute at once", batchSize)
  .requiredOption("--out <folder>", "folder for the page, the tables and the pictures")
  .action(withContext(runCompare));

/** A run with its configuration, and its model where it has a checkpoint. */
interface Subject {
  run: string;
  name: string;
  config: Config;
  model?: TrainedModel;
}

async function runCompare(context: Context, options: Options, ...runs: string[]): Promise<void> {
  const { out, data } = options;
  checkFolderPlace(out);
  if (runs.length < 2) {
    throw new UserError("invalid-options", `strata compare: expected at least two runs, got one, ${runs[0]}.`);
  }
  for (const run of runs) await fetchNamedRun(run, context);
  const names = namesOf(runs);
  const subjects: Subject[] = [];
  for (const [index, run] of runs.entries()) subjects.push(await openSubject(run, names[index], options, context));
  if (data !== undefined) checkMeasurable(subjects, data);
  const images =
    data === undefined ? undefined : await openImages({ ...options, data }, subjects[0].config.model, context);
  await using runtime = await createRuntime(context);
  makeFolder(out);
  const measured = images && (await measure(subjects, images, options, context, runtime));
  const compared: ComparedRun[] = [];
  for (const subject of subjects) {
    compared.push({ ...(await describe(subject)), pictures: await draw(subject, images, context, runtime) });
  }
  const configs = subjects.map(({ config }) => config);
  const { writeComparison } = await import("../output/comparison-output.js"); // charts take a moment to load
  await writeComparison(
    {
      runs: compared,
      settings: settingDifferences(configs),
      replicates: replicates(configs),
      figures: measured?.figures ?? [],
      remarks: [...(measured?.remarks ?? []), ...seedRemark(configs)],
    },
    out,
    context,
  );
}

/** Names to tell runs apart by: of their folders, or the whole path where two are called alike. */
function namesOf(runs: readonly string[]): string[] {
  const short = runs.map(runName);
  return short.map((name, index) => (short.indexOf(name) === short.lastIndexOf(name) ? name : runs[index]));
}

async function openSubject(run: string, name: string, options: Options, context: Context): Promise<Subject> {
  const folder = locateRun(run);
  const config = await readRunConfig(folder);
  if ((await listCheckpoints(runPaths(folder).checkpoints)).length > 0) {
    return { run, name, config, model: await openModel({ ...options, run }, context) };
  }
  context.progress.note(`${name} has no checkpoint yet: its settings and curves are compared, and nothing else.`);
  return { run, name, config };
}

/** @throws UserError unless all runs have a model, and of one resolution */
function checkMeasurable(subjects: readonly Subject[], data: string): void {
  const without = subjects.find(({ model }) => model === undefined);
  const leave = "Leave --data out to compare the rest.";
  if (without) {
    throw new UserError("not-found", `--data ${data}: expected a checkpoint of ${without.name}, found none. ${leave}`);
  }
  const resolutions = subjects.map(({ config }) => config.model.resolution);
  if (new Set(resolutions).size === 1) return;
  const each = subjects.map(({ name }, index) => `${resolutions[index]} (${name})`).join(", ");
  throw new UserError(
    "mismatch",
    `--data ${data}: expected runs of one resolution, which alone can be measured on the same images, got ${each}. ${leave}`,
  );
}

/** What a run is, and what its log says. */
async function describe({ run, name, config, model }: Subject): Promise<ComparedRun> {
  const folder = locateRun(run);
  const log = runPaths(folder).metrics;
  const { name: data } = await readDataSummary(folder);
  const { parameters, memoryBytes } = summariseModel(config);
  return {
    ...{ name, preset: config.preset, data: data.includes("/") ? basename(data) : data, step: model?.step ?? 0 },
    ...{ seed: config.training.seed, parameters, trainingBytes: memoryBytes.training },
    metrics: existsSync(log) ? readMetrics(log) : [],
  };
}

/** Figures of all runs, and what has to be said for them not to be misread. */
async function measure(
  subjects: readonly Subject[],
  images: ImageSplits,
  options: Options,
  context: Context,
  runtime: Runtime,
): Promise<{ figures: ComparedFigure[]; remarks: string[] }> {
  const { count, batch } = options;
  const { seed, signal, progress } = context;
  const models = subjects.map(({ name, model }): NamedModel => ({ name, model: model! }));
  const split = heldOutSplit(images);
  const heldOut = images[split];
  if (heldOut.count < 2) {
    throw new UserError(
      "too-few-images",
      `--data ${options.data}: expected at least 2 held-out images, got ${heldOut.count}.`,
    );
  }
  const remarks = [
    `Brackets: 95 % intervals. Likelihoods: ${formatCount(Math.min(count, heldOut.count))} ${split} images, bootstrap over images; differences are paired, image by image with the same noise.`,
  ];
  const how = { heldOut, count, seed, batch, runtime, signal, onProgress: showStages(progress) };
  if (subjects.some(({ config }) => config.model.superResolution)) {
    progress.note("A super-resolution model draws nothing by itself: samples are not measured.");
    return { figures: await compareModels(models, how), remarks };
  }
  const { resolution } = images.train;
  await using extractor = await openExtractor(options, { resolution, train: images.train }, context, runtime);
  const reference = await openReference(
    { ...options, referenceCount: REFERENCE_ROWS },
    { resolution, train: images.train },
    extractor,
    context,
    runtime,
  );
  remarks.push(
    `Samples: ${formatCount(count)} of each run from one seed, beside ${formatCount(images.train.count)} training images, ${extractor.identity} features; jackknife over samples.`,
  );
  const warning = fewWarning(nameOfMetric("fid", extractor.name), count, images.train.count);
  if (warning) remarks.push(`${warning[0].toUpperCase()}${warning.slice(1)}, of all runs alike.`);
  return { figures: await compareModels(models, { ...how, quality: { extractor, reference } }), remarks };
}

/** What one seed cannot tell. */
function seedRemark(configs: readonly Config[]): string[] {
  if (replicates(configs).some((runs) => runs.length > 1)) return [];
  return [
    "Every configuration was trained once. Intervals say how sure the figures of these very models are; another seed of training would change them too. Train each with two or three seeds to know by how much.",
  ];
}

/** Undefined of a run that has nothing to draw with. */
async function draw(
  { name, config, model }: Subject,
  images: ImageSplits | undefined,
  { seed, signal, progress }: Context,
  runtime: Runtime,
): Promise<ComparedPictures | undefined> {
  if (model === undefined || config.model.superResolution) return undefined;
  progress.update(`drawing samples of ${name} …`);
  const { drawCompared } = await import("../../report/comparison-drawings.js");
  const heldOut = images?.[heldOutSplit(images)];
  try {
    return await drawCompared(model, { heldOut, seed, runtime, signal });
  } catch (error) {
    if (!(error instanceof NonFiniteOutputError)) throw error;
    progress.note(`${name} drew nothing: ${error.message}`);
    return undefined;
  }
}
