/** @file `strata evaluate`: figures of a model, or of samples that somebody drew. */
import { join } from "node:path";
import { Option } from "commander";
import { type ImageSplits, openSamples, type Split } from "../../data/index.js";
import type { Runtime } from "../../engine/index.js";
import { UserError } from "../../errors.js";
import { heldOutSplit } from "../../experiments/evaluation.js";
import { measureModel, modelMetrics } from "../../experiments/model-figures.js";
import { findHeads } from "../../heads/trained-head.js";
import { precisionOf } from "../../inference/execution-options.js";
import { imageGrid, reconstructionGrid } from "../../inference/picture-grid.js";
import type { TrainedModel } from "../../inference/trained-model.js";
import { writeFileAtomic } from "../../io/files/atomic-file.js";
import { firstOfStream, streamSamples } from "../../quality/image-streams.js";
import { qualityMetrics } from "../../quality/quality.js";
import { version } from "../../version.js";
import { samplingFlags } from "../advice.js";
import { collect, imageCount, wholeNumber } from "../options/arguments.js";
import {
  addCalibratedOption,
  type CalibratedOption,
  checkCalibrated,
  withCalibration,
} from "../options/calibrated-option.js";
import { type Context, createCommand, createRuntime, withContext } from "../options/command.js";
import { addFeatureOptions, metricList, showStages } from "../options/features-options.js";
import { openNamedHead } from "../options/head-option.js";
import { addDataOptions, type ImageOptions, openImages } from "../options/images.js";
import { readEvaluation } from "../options/other-evaluations.js";
import { checkFolderPlace, makeFolder } from "../options/output-place.js";
import { addRankOptions, sharedByRanks } from "../options/ranks.js";
import {
  addSamplingOptions,
  createSampler,
  openModel,
  type SamplingModels,
  type SamplingOptions,
  sampleOptions,
  samplingModels,
} from "../options/sampling-options.js";
import {
  type ModelResult,
  modelFacts,
  modelFiles,
  modelRemarks,
  type SingleLikelihoods,
} from "../output/model-figures.js";
import { type QualityResult, qualityFacts, remarks } from "../output/quality-text.js";
import { facts } from "../output/table.js";
import { evaluateQuality, type QualityOptions } from "./evaluate-quality.js";

interface Options extends Omit<SamplingOptions, "run">, CalibratedOption, QualityOptions, Partial<ImageOptions> {
  run?: string;
  samples?: string;
  split?: Split;
  count?: number;
  importance: number;
  withHead: string[];
  beside: string[];
  out: string;
}

/** Everything that `--metrics` knows. */
const METRICS: readonly string[] = [...qualityMetrics, ...modelMetrics];
/** Columns of the grid of samples. */
const COLUMNS = 8;

export const evaluateCommand = addRankOptions(
  addFeatureOptions(
    addCalibratedOption(
      addSamplingOptions(
        addDataOptions(
          createCommand(
            "evaluate",
            "measure a model, or any samples: FID and its relatives, likelihood, rate and distortion, information",
            "strata evaluate --run runs/cifar --data cifar10 --metrics fid,precision,recall,nll --count 50000 --out runs/cifar/evaluation",
          ),
          {
            description: "data source: its training images are the reference, likelihoods are those of its test images",
          },
        ),
        { required: false },
      ),
    ),
  ),
)
  .option(
    "--samples <path>",
    "measure these samples instead of --run: FILE.npz (arr_0), or a folder or archive of images",
  )
  .addOption(
    new Option(
      "--split <name>",
      "split whose likelihood is measured (default: test, or validation if there is none)",
    ).choices(["train", "validation", "test"]),
  )
  .option(
    "--metrics <list>",
    `metrics to compute: ${METRICS.join(", ")} (default: all that need features)`,
    metricList(METRICS),
  )
  .option(
    "--count <n>",
    "samples to draw; likelihoods are measured on at most this many images (default: all)",
    imageCount(2),
  )
  .option(
    "--importance <k>",
    "posterior samples for the importance-weighted bound on the likelihood",
    wholeNumber(1, 1_000_000),
    1,
  )
  .option(
    "--with-head <head...>",
    "heads whose likelihood to measure too, by kind or folder (default: all that the run has: strata head)",
    collect,
    [],
  )
  .option("--beside <folder...>", "folders of other evaluations whose curves to draw too", collect, [])
  .option(
    "--kid-subsets",
    "compute the kernel distance as the mean over 100 pairs of subsets of 1,000, like torch-fidelity",
  )
  .option(
    "--intervals",
    "add the 95 % interval of every figure of samples, which takes ten times as long as the figures",
  )
  .option("--extrapolate", "extrapolate the Fréchet distance to infinitely many samples (FID∞)")
  .option("--held-out", "measure held-out images as if they were samples too, and how near both are to training images")
  .option("--export-reference <file.npz>", "write the reference as a batch for guided-diffusion's evaluator")
  .requiredOption("--out <folder>", "folder for figures, charts and pictures")
  .action(withContext(sharedByRanks(runEvaluate)));

async function runEvaluate(context: Context, given: Options): Promise<void> {
  const { out, metrics, run } = given;
  checkOptions(given);
  checkFolderPlace(out);
  const model = run === undefined ? undefined : await openModel({ ...given, run }, context);
  const options = model ? await withCalibration(given, { run: run!, opened: model }, context) : given;
  const models = model && needsFeatures(metrics) ? await samplingModels(model, drawing(options), context) : undefined;
  await using runtime = await createRuntime(context);
  const openAt = dataOpener(options, context);
  const held = model && (await heldOutQuestion(model, openAt, options, context)); // what is wrong with it is said before the work
  makeFolder(out);
  const settings = { ...settingsOf(options, context, model), device: runtime.device, ...precisionOf(runtime) };
  const save = (json: object) =>
    writeFileAtomic(join(out, "metrics.json"), Buffer.from(`${JSON.stringify(json, null, 2)}\n`));
  const quality = needsFeatures(metrics) ? await measureSamples(models, openAt, options, context, runtime) : undefined;
  const qualityPart = quality ? qualityJson(quality) : {};
  if (quality) {
    await writeFileAtomic(join(out, "samples.png"), await imageGrid(quality.shown, COLUMNS));
    if (quality.beside) {
      const { samples, nearest } = quality.beside.pairs;
      await writeFileAtomic(join(out, "nearest.png"), await reconstructionGrid(samples, nearest, COLUMNS));
    }
    await save({ ...settings, ...qualityPart });
  }
  const ofModel = held && (await measureHeldOut(model, held, context, runtime));
  const files = ofModel ? await modelFiles(ofModel) : {};
  for (const [name, content] of Object.entries(files)) await writeFileAtomic(join(out, name), content);
  const json = { ...settings, ...qualityPart, ...(ofModel && { split: ofModel.split, ...ofModel.figures }) };
  await save(json);
  context.result({ out, ...json }, textOf(options, quality, ofModel));
}

/** Opens the images at a resolution; undefined without `--data`. */
type OpenAt = (resolution: number) => Promise<ImageSplits> | undefined;

function dataOpener({ data, ...reading }: Partial<ImageOptions>, context: Context): OpenAt {
  const opened = new Map<number, Promise<ImageSplits>>();
  return (resolution) => {
    if (data === undefined) return undefined;
    if (!opened.has(resolution)) opened.set(resolution, openImages({ ...reading, data }, { resolution }, context));
    return opened.get(resolution);
  };
}

/** Whether samples are drawn or read: for all that is asked for by default, too. */
const needsFeatures = (metrics: readonly string[] | undefined): boolean =>
  metrics === undefined || metrics.some((metric) => isOneOf(qualityMetrics, metric));

const isOneOf = (list: readonly string[], word: string): boolean => list.includes(word);

/** Refuses options that contradict each other. */
function checkOptions(options: Options): void {
  const { run, samples, metrics, data, reference, count, exportReference } = options;
  checkCalibrated(options);
  if ((run === undefined) === (samples === undefined)) {
    throw new UserError(
      "invalid-options",
      "Expected either --run RUN, a model to measure, or --samples FILE.npz|FOLDER, what it drew.",
    );
  }
  if (options.calibrated !== undefined && run === undefined) {
    throw new UserError("invalid-options", "--calibrated: expected --run RUN: it says how samples are drawn.");
  }
  const ofModel = metrics?.find((metric) => isOneOf(modelMetrics, metric));
  if (ofModel !== undefined && run === undefined) {
    throw new UserError(
      "invalid-options",
      `--metrics ${ofModel}: expected --run RUN: it is measured of a model, not of samples.`,
    );
  }
  if (metrics?.includes("accuracy") && run === undefined) {
    throw new UserError(
      "invalid-options",
      "--metrics accuracy: expected --run RUN: samples in files do not say what they are to show.",
    );
  }
  if (options.withHead.length > 0 && !metrics?.includes("nll")) {
    throw new UserError("invalid-options", "--with-head: expected --metrics nll with it: a head codes images.");
  }
  if (ofModel !== undefined && data === undefined) {
    throw new UserError(
      "invalid-options",
      `--metrics ${ofModel}: expected --data SOURCE: the images to measure it on.`,
    );
  }
  if (run !== undefined && count === undefined && needsFeatures(metrics)) {
    throw new UserError("invalid-options", "Expected --count N: the samples to draw, 50,000 in publications.");
  }
  if (data === undefined && reference === undefined) {
    throw new UserError(
      "invalid-options",
      "Expected --data SOURCE or --reference FILE.npz: what the samples are to be compared with.",
    );
  }
  if (options.heldOut && (data === undefined || !needsFeatures(metrics))) {
    throw new UserError(
      "invalid-options",
      "--held-out: expected --data SOURCE, which has such images, and metrics of features.",
    );
  }
  if (exportReference !== undefined && (data === undefined || reference !== undefined || !needsFeatures(metrics))) {
    throw new UserError(
      "invalid-options",
      "--export-reference: expected --data SOURCE without --reference, and metrics of features: it is made of those images.",
    );
  }
}

/** The options of a model's samples. */
const drawing = (options: Options): SamplingOptions => ({ ...options, run: options.run! });

/** Draws or reads samples and compares them with the reference. */
async function measureSamples(
  models: SamplingModels | undefined,
  openAt: OpenAt,
  options: Options,
  context: Context,
  runtime: Runtime,
): Promise<QualityResult> {
  if (!models) {
    const file = await openSamples(options.samples!, { signal: context.signal });
    const samples = firstOfStream(file, options.count ?? file.count);
    const data = await openAt(file.resolution);
    return { ...(await evaluateQuality(samples, data, options, context, runtime)), rounding: "as given" };
  }
  const count = options.count!;
  await using sampler = createSampler(models, options, count, runtime);
  const data = await openAt(sampler.resolution);
  const asked = sampleOptions(drawing(options), count, models.model, context);
  const samples = streamSamples(sampler, { ...asked, signal: context.signal });
  const { classes } = models.model.config.model;
  const labelled = { ...samples, classes };
  return { ...(await evaluateQuality(labelled, data, options, context, runtime)), rounding: "nearest" };
}

/** What is to be measured of the model itself, and on which images; undefined where nothing is. */
async function heldOutQuestion(model: TrainedModel, openAt: OpenAt, options: Options, { progress }: Context) {
  const metrics = modelMetrics.filter((metric) => options.metrics?.includes(metric));
  if (metrics.length === 0) return undefined;
  const beside = await Promise.all(options.beside.map(readEvaluation));
  const data = (await openAt(model.config.model.resolution))!;
  const split = options.split ?? heldOutSplit(data);
  const images = data[split];
  if (images.count === 0) {
    throw new UserError("too-few-images", `--split ${split}: ${options.data} has no such images. Try --split train.`);
  }
  const { count, importance, batch } = options;
  const heads = metrics.includes("nll") ? await openHeads(model, options, (message) => progress.note(message)) : [];
  return { images, metrics, split, beside, how: { count, importance, batch, train: data.train, heads } };
}

/** The heads that the options name, or all that the run has. */
function openHeads(model: TrainedModel, { run, withHead }: Options, onNotice: (message: string) => void) {
  if (withHead.length === 0) return findHeads(model, run!, { onNotice });
  return Promise.all(withHead.map((which) => openNamedHead(model, run!, which, onNotice)));
}

/** Measures a model on images that it has not seen. */
async function measureHeldOut(
  model: TrainedModel,
  { images, metrics, how, split, beside }: NonNullable<Awaited<ReturnType<typeof heldOutQuestion>>>,
  { progress, seed, signal }: Context,
  runtime: Runtime,
): Promise<ModelResult> {
  let single: SingleLikelihoods | undefined;
  const figures = await measureModel(model, images, metrics, {
    ...{ ...how, seed, runtime, signal, onProgress: showStages(progress) },
    onLikelihoods: (likelihoods, indices, ofHeads) => {
      single = { likelihoods, ofHeads, indices };
    },
  });
  await Promise.all(how.heads.map((head) => head.dispose()));
  return { name: model.config.preset ?? "model", split, figures, single, beside };
}

/** What decides on samples, beside the run. */
const SAMPLING = [
  "calibrated",
  "label",
  "guidance",
  "guidanceRule",
  "temperature",
  "output",
  "superres",
  "superresGuidance",
  "superresTemperature",
  "refined",
  "refineSteps",
  "refineGuidance",
  "weights",
  "checkpoint",
] as const satisfies (keyof Options)[];

/** What was measured, so that it can be measured again. */
function settingsOf(options: Options, { seed }: Context, model: TrainedModel | undefined): Record<string, unknown> {
  const { run, samples, data, count, withHead } = options;
  return {
    ...{ version, run, step: model?.step, samples, data, count, seed: seed ?? 0 },
    ...Object.fromEntries(SAMPLING.map((name) => [name, options[name]])),
    withHead: withHead.length > 0 ? withHead : undefined,
  };
}

function qualityJson({
  values,
  referenceBaseline,
  frechetLimit,
  count,
  rounding,
  clamped,
  features,
  reference,
  notMeasured,
  beside,
}: QualityResult) {
  return {
    samplesMeasured: count,
    rounding,
    clamped,
    features,
    reference,
    ...(notMeasured.length > 0 && { notMeasured }),
    quality: Object.fromEntries(values.map(({ metric, leftOut: _, ...rest }) => [metric, rest])),
    distanceOfReferencePart: referenceBaseline,
    distanceOfInfinitelyManySamples: frechetLimit,
    ...(beside && {
      heldOut: {
        ...{ count: beside.count, copies: beside.copies },
        quality: Object.fromEntries(beside.values.map(({ metric, value }) => [metric, value])),
      },
    }),
  };
}

function textOf(options: Options, quality: QualityResult | undefined, ofModel: ModelResult | undefined): string {
  const pairs = [...(quality ? qualityFacts(quality) : []), ...(ofModel ? modelFacts(ofModel) : [])];
  const drawn = quality && options.run !== undefined ? [samplingRemark(options)] : [];
  const lines = [...(quality ? remarks(quality) : []), ...drawn, ...(ofModel ? modelRemarks(ofModel) : [])];
  return [facts(pairs), ...lines, `Written to ${options.out}`].join("\n");
}

/** With which settings samples were drawn. */
function samplingRemark({ temperature = [], guidance = [], calibrated, ...options }: Options): string {
  const refined = options.refined === undefined ? "" : `; the first groups by the refinement${refinedHow(options)}`;
  if (temperature.length + guidance.length === 0) {
    return `${refined ? "sampling" : "plain sampling,"} without temperature or guidance${refined}`;
  }
  const by = calibrated === undefined ? "" : ", by calibration";
  return `drawn with ${samplingFlags({ temperature, guidance })}${by}${refined}`;
}

/** How a refinement draws, where that was said. */
function refinedHow({ refineSteps, refineGuidance }: Pick<Options, "refineSteps" | "refineGuidance">): string {
  const steps = refineSteps === undefined ? [] : [`${refineSteps} steps`];
  const guidance = refineGuidance === undefined ? [] : [`guidance ${refineGuidance}`];
  return [...steps, ...guidance].map((how) => `, ${how}`).join("");
}
