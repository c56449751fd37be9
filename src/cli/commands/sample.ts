/** @file `strata sample`: images from the prior of a trained model. */
import { existsSync } from "node:fs";
import type { Runtime } from "../../engine/index.js";
import { UserError } from "../../errors.js";
import { calibrationFolder, readCalibration } from "../../experiments/calibration/settings.js";
import type { Head } from "../../heads/trained-head.js";
import { concatenate } from "../../inference/picture-grid.js";
import { checkImageMemory } from "../../inference/sampling/image-memory.js";
import type { ImageSampler, SampleOptions, Samples } from "../../inference/sampling/sampler.js";
import type { TrainedModel } from "../../inference/trained-model.js";
import { formatCount, formatDuration, formatShare } from "../../number-format.js";
import { refinementFolder } from "../../refinement/refinement-config.js";
import { located } from "../../training/run/open-run.js";
import { runPaths } from "../../training/run/run-folder.js";
import { imageCount, parseWeightGrid, type WeightGrid } from "../options/arguments.js";
import {
  addCalibratedOption,
  type CalibratedOption,
  checkCalibrated,
  withCalibration,
} from "../options/calibrated-option.js";
import { type Context, createCommand, createRuntime, withContext } from "../options/command.js";
import { openNamedHead } from "../options/head-option.js";
import {
  addHierarchyOptions,
  type HierarchyOptions,
  hierarchyRows,
  namedSample,
} from "../options/hierarchy-options.js";
import { freePath } from "../options/output-place.js";
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
import { workLine } from "../output/progress.js";
import { checkOutput, type SampleLayout, saveSamples } from "../output/save-samples.js";
import { readNoise } from "./noise-file.js";

interface Options extends SamplingOptions, HierarchyOptions, CalibratedOption {
  count?: number;
  guidanceGrid?: string[];
  noise?: string;
  withHead?: string | true;
  out?: string;
}

/** Where samples go when nothing is said. */
const OUT = "samples.png";
/** How many are drawn when nothing is said: a sheet, or in rows. */
const SHEET = 64;
const ROW = 8;
/** With a row for each class, rows become shorter where there would be more than this. */
const MOST = 256;

export const sampleCommand = addRankOptions(
  addHierarchyOptions(
    addCalibratedOption(
      addSamplingOptions(
        createCommand(
          "sample",
          "draw new images",
          "strata sample --run pretrained:emoji32 --label Flags --guidance 1,2 --count 64 --out samples.png",
        ),
      ),
    ),
  ),
)
  .option(
    "--count <n>",
    `number of images (default: ${SHEET}; ${ROW} of each class with --label all); with --interpolate and --vary, of each row (default: ${ROW})`,
    imageCount(1),
  )
  .option(
    "--guidance-grid <weights...>",
    "MEANS VARIANCES: draw one picture at every pair of weights, such as 0,1,2 0,2,5",
  )
  .option(
    "--noise <file>",
    "read the latents' noise from a safetensors file (eps.0, eps.1, …) instead of drawing it from the seed",
  )
  .option(
    "--with-head [head]",
    "draw the pixels too, by the run's head (strata head): of a kind, or of a folder; a grid shows the means above",
  )
  .option(
    "--out <path>",
    `where to write: FILE.png (a grid), FILE.npz (arrays) or FOLDER/ (PNG files) (default: the first free one of ${OUT}, samples-2.png, …)`,
  )
  .action(withContext(sharedByRanks(runSample)));

/** Samples, and how to lay them out where not as a nearly square grid. */
interface Drawing {
  samples: Samples;
  layout?: SampleLayout;
}

async function runSample(context: Context, given: Options): Promise<void> {
  const { out = freePath(OUT) } = given;
  checkOptions(given);
  for (const notice of checkOutput(out)) context.progress.note(notice);
  const weights = given.guidanceGrid && parseWeightGrid(given.guidanceGrid);
  const model = await openModel(given, context);
  const options = await withCalibration(given, { run: given.run, opened: model }, context);
  const noise = options.noise === undefined ? undefined : await readNoise(options.noise, model);
  const count = noise?.count ?? options.count ?? defaultCount(options, model);
  const line = workLine({ unit: "images" });
  const onProgress = (done: number, all: number) => context.progress.update(line(done, all));
  const chosen = sampleOptions(options, count, model, context);
  const labels = chosen.labels ?? noise?.labels;
  const models = await samplingModels(model, options, context);
  const head =
    options.withHead &&
    (await openNamedHead(model, options.run, options.withHead, (message) => context.progress.note(message)));
  tellChoices(options, out, count, model, context);
  await tellRefinement(given, context);
  const asked = { ...noise, ...chosen, labels, signal: context.signal, onProgress };
  checkImageMemory(count, model.config.model.resolution);
  await using runtime = await createRuntime(context);
  const rows = await hierarchyRows({ ...options, count }, asked, model, { runtime, signal: context.signal });
  await using sampler = createSampler(models, options, rows?.sampling.count ?? count, runtime);
  const startMs = performance.now();
  const { samples, layout } = weights
    ? await drawGuidanceGrid(sampler, asked, weights)
    : await draw(sampler, { ...asked, ...rows?.sampling }, rows?.layout ?? layoutOf(options, asked, model));
  const seconds = (performance.now() - startMs) / 1000;
  const pixels = head && (await drawPixels({ ...models, head }, options, asked, runtime));
  if (pixels) await saveSamples(pixels.samples, samples.labels, out, { above: samples });
  else await saveSamples(samples, samples.labels, out, layout);
  const guidance = guidanceReport(samples, context);
  const { calibrated, temperature, guidance: guidedWith, refineGuidance } = options;
  const settings = calibrated !== undefined && { calibrated, temperature, guidance: guidedWith, refineGuidance };
  const drawn = pixels ? `, their pixels by the ${pixels.head} head in ${formatDuration(pixels.headSeconds)}` : "";
  context.result(
    {
      ...{ out, count: samples.count, step: model.step, device: runtime.device, seconds, ...guidance, ...settings },
      ...(pixels && { head: pixels.head, headStep: pixels.headStep, headSeconds: pixels.headSeconds }),
    },
    `${formatCount(samples.count)} ${calibrated === undefined ? "images" : "calibrated images"} in ${formatDuration(seconds)}${drawn}: ${out}`,
  );
}

/** The same samples with pixels that a head draws, and how long that takes. */
async function drawPixels(
  { head, ...models }: SamplingModels & { head: Head },
  options: Options,
  asked: SampleOptions,
  runtime: Runtime,
) {
  const startMs = performance.now();
  await using sampler = createSampler({ ...models, head }, options, asked.count, runtime);
  const samples = await sampler.sample(asked);
  const headSeconds = (performance.now() - startMs) / 1000;
  return { samples, head: head.name, headStep: head.step, headSeconds };
}

const draw = async (sampler: ImageSampler, options: SampleOptions, layout?: SampleLayout): Promise<Drawing> => ({
  samples: await sampler.sample(options),
  layout,
});

/** Refuses options that contradict each other. */
function checkOptions(options: Options): void {
  const { count, label, guidanceGrid, guidance, guidanceRule, temperature, interpolate, vary, noise, withHead } =
    options;
  checkCalibrated(options);
  if (options.calibrated !== undefined && (guidanceGrid || noise)) {
    throw new UserError(
      "invalid-options",
      "--calibrated: expected neither --guidance-grid nor --noise with it, which set guidance and noise themselves.",
    );
  }
  if (withHead && (guidanceGrid || interpolate || vary || options.superres !== undefined || options.output)) {
    throw new UserError(
      "invalid-options",
      "--with-head: expected none of --guidance-grid, --interpolate, --vary, --superres and --output with it.",
    );
  }
  const file = (interpolate ?? vary)?.find((word) => !namedSample(word));
  if (options.refined !== undefined && file !== undefined) {
    throw new UserError(
      "invalid-options",
      `${file}: expected the number of a sample with --refined: the noise of an image is that of the model's own prior.`,
    );
  }
  if (guidanceRule && !guidance && !guidanceGrid) {
    throw new UserError("invalid-options", `--guidance-rule ${guidanceRule}: expected --guidance with it.`);
  }
  if (guidanceGrid && (label === "all" || guidanceRule === "product")) {
    const why =
      label === "all"
        ? "shows one picture, and --label all asks for one of each class"
        : "has two weights, and the product rule one";
    throw new UserError("invalid-options", `--guidance-grid ${why}.`);
  }
  if (noise && temperature) {
    throw new UserError("invalid-options", "--noise: expected no --temperature with it: the noise is taken as it is.");
  }
  if (guidanceGrid && (guidance || interpolate || vary || noise)) {
    throw new UserError(
      "invalid-options",
      "--guidance-grid: expected neither --guidance, --interpolate, --vary nor --noise with it.",
    );
  }
  if (noise && (count !== undefined || interpolate || vary)) {
    throw new UserError(
      "invalid-options",
      "--noise: expected neither --count, --interpolate nor --vary with it: the file says what to draw.",
    );
  }
  if (guidanceGrid && count !== undefined && count !== 1) {
    throw new UserError(
      "invalid-options",
      `--count ${count}: --guidance-grid shows one picture. Leave --count out; --seed chooses the picture.`,
    );
  }
}

/** How many images to draw where nothing is said; of each row where there are rows that come of others. */
function defaultCount({ label, guidanceGrid, interpolate, vary }: Options, { config }: TrainedModel): number {
  const { classes } = config.model;
  if (guidanceGrid) return 1;
  if (interpolate || vary) return ROW;
  return label === "all" && classes > 0 ? classes * Math.max(1, Math.min(ROW, Math.floor(MOST / classes))) : SHEET;
}

/** What was chosen because nothing was said. */
function tellChoices(options: Options, out: string, count: number, { config }: TrainedModel, { progress }: Context) {
  const { label, guidanceGrid, interpolate, vary, noise } = options;
  const { classes } = config.model;
  const rows = interpolate || vary ? " a row" : label === "all" ? ` of ${formatCount(classes)} classes in turn` : "";
  const number = noise || guidanceGrid || options.count !== undefined ? [] : [`--count ${count}${rows}`];
  const file = options.out === undefined ? [`--out ${out}`] : [];
  const drawn = classes > 0 && label === undefined && !noise && !interpolate && !vary;
  const labels = drawn ? ["labels as often as among the training images"] : [];
  const choices = [...number, ...file, ...labels];
  if (choices.length > 0) progress.note(`Not said, so: ${choices.join(", ")}.`);
}

/** That there is a refinement, where nobody asked for it: such a model was made to be drawn with it. */
async function tellRefinement({ run, refined, superres, noise }: Options, { progress }: Context): Promise<void> {
  if (refined !== undefined || superres !== undefined || noise !== undefined) return;
  if (!existsSync(runPaths(refinementFolder(located(run).folder)).config)) return;
  const found = await readCalibration(calibrationFolder(run, { refined: true })).catch(() => undefined);
  const settings = found ? " --calibrated" : ""; // what cannot be read is told of where it is asked for
  progress.note(
    `Drawn by the model's own prior. It has a refinement, whose samples hold together: --refined${settings}`,
  );
}

/** A row for each class when all are asked for. */
function layoutOf({ label }: Options, { labels }: SampleOptions, { data }: TrainedModel): SampleLayout | undefined {
  if (label !== "all" || !labels) return undefined;
  const classes = [...new Set(labels)].sort((a, b) => a - b);
  return {
    rows: classes.map((wanted) => [...labels.keys()].filter((image) => labels[image] === wanted)),
    rowLabels: classes.map((index) => data.classes[index] ?? String(index)),
  };
}

/** What guidance had to do, told where it did anything. */
function guidanceReport({ clamped, invalid, guidedDimensions }: Samples, { progress }: Context) {
  if (clamped > 0)
    progress.note(`guidance would have made ${formatCount(clamped)} values too large; they were clamped`);
  const invalidShare = guidedDimensions > 0 ? invalid / guidedDimensions : 0;
  if (invalid > 0) {
    progress.note(
      `the product does not exist in ${formatShare(invalidShare)} of the dimensions; the prior with label stands there`,
    );
  }
  return { clamped, invalidShare };
}

/**
 * Draws the same sample, from the same noise, at every pair of weights.
 *
 * @param options - of the one picture
 * @returns the pictures row by row, a weight of the mean each, and how to lay them out
 */
export async function drawGuidanceGrid(
  sampler: ImageSampler,
  options: SampleOptions,
  { means, variances }: WeightGrid,
): Promise<{ samples: Samples; layout: SampleLayout }> {
  const pairs = means.flatMap((mean) => variances.map((variance) => ({ mean, variance })));
  const drawn: Samples[] = [];
  for (const guidance of pairs) {
    drawn.push(await sampler.sample({ ...options, count: 1, guidance, onProgress: undefined }));
    options.onProgress?.(drawn.length, pairs.length);
  }
  const total = (of: (samples: Samples) => number) => drawn.reduce((sum, samples) => sum + of(samples), 0);
  const samples: Samples = {
    ...concatenate(drawn),
    labels: Int32Array.from(drawn.flatMap(({ labels }) => [...labels])),
    clamped: total(({ clamped }) => clamped),
    invalid: total(({ invalid }) => invalid),
    guidedDimensions: total(({ guidedDimensions }) => guidedDimensions),
  };
  const layout = {
    columns: variances.length,
    rowLabels: means.map((weight) => `mean ${weight}`),
    columnLabels: variances.map((weight) => `variance ${weight}`),
  };
  return { samples, layout };
}
