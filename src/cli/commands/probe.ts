/** @file `strata probe`: what the latents of runs know of the classes of images, group by group. */
import { existsSync } from "node:fs";
import { type ImageSplits, readImageFile, sourceNames } from "../../data/index.js";
import { UserError } from "../../errors.js";
import { type ProbeImages, probeImages } from "../../experiments/probing/probe-images.js";
import type { ProbedModel } from "../../experiments/probing/probe-model.js";
import { findClass } from "../../inference/sampling/class-label.js";
import type { TrainedModel } from "../../inference/trained-model.js";
import type { NamedPicture } from "../../report/probe-drawings.js";
import type { ProbedRun } from "../../report/probe-report.js";
import { batchSize, imageCount } from "../options/arguments.js";
import { type Context, createCommand, createRuntime, withContext } from "../options/command.js";
import { showStages } from "../options/features-options.js";
import { fetchNamedRun } from "../options/hub.js";
import { addDataOptions, type ImageOptions, openImages } from "../options/images.js";
import { checkFolderPlace, makeFolder } from "../options/output-place.js";
import { runName } from "../options/run-source.js";
import { addWeightsOptions, openModel, type WeightsOptions } from "../options/sampling-options.js";

interface Options extends WeightsOptions, ImageOptions {
  count: number;
  batch?: number;
  label?: string;
  images?: string[];
  direction?: string[];
  out: string;
}

/** Images of each split at most, where nothing is said. */
const COUNT = 3000;

export const probeCommand = addDataOptions(
  addWeightsOptions(
    createCommand(
      "probe <run...>",
      "find out what latents know: how well the first groups tell the classes of images, beside pixels; which images they find alike",
      "strata probe runs/a runs/b --data glyphs --count 2000 --direction P R --out runs/probed",
    ),
  ),
  { description: `images with labels: ${sourceNames}`, required: true },
)
  .option("--count <n>", "the most images of each split", imageCount(20), COUNT)
  .option("--batch <n>", "images to compute at once", batchSize)
  .option(
    "--label <which>",
    "class that models with classes are told of every image, so that their latents cannot hold the true one (default: the first)",
  )
  .option(
    "--images <file...>",
    "image files to find neighbours of and to swap groups of (default: some held-out images)",
  )
  .option("--direction <classes...>", "FROM TO: also move images of one class to another, along what the probe found")
  .requiredOption("--out <folder>", "folder for the page, the tables and the pictures")
  .action(withContext(runProbe));

async function runProbe(context: Context, options: Options, ...runs: string[]): Promise<void> {
  const { out, count, batch, data: source } = options;
  const { seed, signal, progress } = context;
  checkFolderPlace(out);
  for (const run of runs) await fetchNamedRun(run, context);
  const models: TrainedModel[] = [];
  for (const run of runs) models.push(await openModel({ ...options, run }, context));
  const { resolution } = models[0].config.model;
  const other = models.findIndex(({ config }) => config.model.resolution !== resolution);
  if (other > 0) {
    throw new UserError(
      "mismatch",
      `Expected runs of one resolution, got ${resolution} (${runs[0]}) and ${models[other].config.model.resolution} (${runs[other]}).`,
    );
  }
  const told = models.map((model) => classTold(model, options, context));
  const splits: ImageSplits = await openImages(options, models[0].config.model, context);
  const data = probeImages(splits, count, await readQueries(options.images, resolution));
  const direction = options.direction && directionOf(options.direction, data, source);
  await using runtime = await createRuntime(context);
  if (existsSync(out)) progress.note(`${out} is there already: what it holds of the same names will be replaced.`);
  makeFolder(out);
  const { probeModel, probePixels } = await import("../../experiments/probing/probe-model.js"); // takes a moment to load …
  const { drawProbed } = await import("../../report/probe-drawings.js"); // … and so do charts
  const how = { batch, runtime, signal, seed };
  const probed: ProbedRun[] = [];
  const pictures: NamedPicture[] = [];
  const names = namesOf(runs);
  for (const [index, model] of models.entries()) {
    const [name, label] = [names[index], told[index]];
    const stages = showStages(progress);
    const found: ProbedModel = await probeModel(model, data, {
      ...{ ...how, label },
      onProgress: (what, done, all) => stages(`${name}: ${what}`, done, all),
    });
    progress.update(`drawing what ${name} knows …`);
    for (const picture of await drawProbed(model, data, found, { ...how, label, direction })) {
      const file = models.length === 1 ? picture.file : `${picture.file}-${index + 1}`;
      const title = models.length === 1 ? picture.title : `${name}: ${picture.title}`;
      pictures.push({ ...picture, file, title });
    }
    const { step } = model;
    probed.push({
      name,
      step,
      told: label === undefined ? undefined : model.data.classes[label],
      groups: found.groups,
    });
  }
  const dimensions = probed.flatMap(({ groups }) => groups.map((group) => group.dimensions));
  const pixels = await probePixels(data, dimensions, { ...how, onProgress: showStages(progress) });
  const { writeProbe } = await import("../output/probe-output.js");
  await writeProbe({ ...sizesOf(data, source), runs: probed, pixels }, pictures, out, context);
}

/** Names to tell runs apart by. */
function namesOf(runs: readonly string[]): string[] {
  const short = runs.map(runName);
  return short.map((name, index) => (short.indexOf(name) === short.lastIndexOf(name) ? name : runs[index]));
}

/** The class that a model is told of every image; undefined of models without classes. */
function classTold(model: TrainedModel, { label }: Options, { progress }: Context): number | undefined {
  if (label !== undefined) {
    const found = findClass(label, model);
    if (found.notice) progress.note(found.notice);
    return found.label;
  }
  if (model.config.model.classes === 0) return undefined;
  const first = model.data.classes[0] ?? "0";
  progress.note(
    `A model with classes is told ${first} of every image, so that its latents cannot hold the true class (--label).`,
  );
  return 0;
}

async function readQueries(files: readonly string[] | undefined, resolution: number) {
  if (files === undefined) return undefined;
  const size = 3 * resolution ** 2;
  const images = new Uint8Array(files.length * size);
  for (const [index, file] of files.entries()) images.set(await readImageFile(file, resolution), index * size);
  return { images, count: files.length, resolution };
}

/** @throws UserError unless two classes of the images are named */
function directionOf(words: readonly string[], { classes }: ProbeImages, source: string): { from: number; to: number } {
  const places = words.map((word) => classes.indexOf(word));
  if (words.length === 2 && places.every((place) => place >= 0) && places[0] !== places[1]) {
    return { from: places[0], to: places[1] };
  }
  throw new UserError(
    "invalid-options",
    `--direction ${words.join(" ")}: expected two classes of ${source}, such as ${classes.slice(0, 2).join(" ")}.`,
  );
}

function sizesOf({ images, classes, known, chosen, tested, testedSplit }: ProbeImages, source: string) {
  const labels = images.labels.subarray(known + chosen, known + chosen + tested);
  const counts = classes.map((_, label) => labels.filter((own) => own === label).length);
  return {
    ...{ data: source, classes: classes.length, known, chosen, tested, testedSplit },
    chance: Math.max(...counts) / tested,
  };
}
