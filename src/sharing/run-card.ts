/** @file What a run folder tells for its card. */
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../errors.js";
import { calibrationFolder, readCalibration } from "../experiments/calibration/settings.js";
import { findHeads } from "../heads/trained-head.js";
import { parameterSpecs, type TrainedModel } from "../inference/trained-model.js";
import { countParameters } from "../model/index.js";
import { readMetrics } from "../training/run/metrics-log.js";
import { locateRun } from "../training/run/open-run.js";
import { runPaths } from "../training/run/run-folder.js";
import { readMeasures } from "./evaluations.js";
import { type CardFacts, type CardPicture, modelCard } from "./model-card.js";
import { shareableSource } from "./shareable.js";

/** What a card says that no run folder knows. */
export interface CardOptions {
  /** The licence that the model is given to others under: an identifier of the hub's list, such as `mit` or `cc-by-4.0`. */
  license: string;
  /** Default: the preset and the data. */
  title?: string;
  /** Folders that `evaluate` wrote, of these weights. */
  evaluations?: readonly string[];
  /** The run as its readers name it. Default: as it is named here. */
  place?: string;
  /** Formats beside the run. */
  formats?: readonly string[];
}

/**
 * The card of a run, as Markdown.
 *
 * @param run - the folder, `pretrained:NAME`, or `hf:OWNER/NAME` once it was fetched
 * @param model - of it, opened
 * @param pictures - where the pictures will lie, by the paths that they have in the run
 * @throws UserError when the licence is no identifier, or an evaluation is of other weights
 */
export async function runCard(
  run: string,
  model: TrainedModel,
  { license, title, evaluations = [], place = run, formats = [] }: CardOptions,
): Promise<string> {
  const folder = locateRun(run);
  checkLicense(license);
  const { metrics } = runPaths(folder);
  const log = existsSync(metrics) ? readMetrics(metrics) : [];
  const begun = log.findLast((line) => line.type === "run");
  const done = log.filter((line) => line.type === "train").findLast(({ step }) => step <= model.step);
  const name = shareableSource(model.data.name);
  const facts: CardFacts = {
    title: title ?? `${model.config.preset} on ${name}`,
    ...{ license, run: place, formats, config: model.config, step: model.step },
    parameters: countParameters(parameterSpecs(model.config)),
    data: { ...model.data, name },
    heldOut: begun?.validationImages,
    images: done?.step === model.step ? done.images : model.step * model.config.training.batchSize,
    trained: begun && done && { seconds: done.seconds, device: deviceOf(begun), version: begun.version },
    bounds: log.filter((line) => line.type === "validation").filter(({ step }) => step === model.step),
    measures: (await Promise.all(evaluations.map((path) => readMeasures(path, model.step)))).flat(),
    pictures: await picturesOf(folder, model.step),
    calibrated: (await readCalibration(calibrationFolder(run))) !== undefined,
    refined: existsSync(join(folder, "refinement", "config.json")),
    heads: (await findHeads(model, run)).map((head) => head.name),
    refinedCalibrated: (await readCalibration(calibrationFolder(run, { refined: true }))) !== undefined,
  };
  return modelCard(facts);
}

const deviceOf = ({ device, devices, threads }: { device: string; devices?: string; threads: number }): string =>
  device === "cpu" ? `a CPU (${threads} ${threads === 1 ? "thread" : "threads"})` : (devices ?? device);

/** The newest pictures that training drew with these weights or earlier ones, by their paths in the run. */
export async function picturesOf(folder: string, step: number): Promise<CardPicture[]> {
  const place = runPaths(folder).samples;
  const names = existsSync(place) ? await readdir(place) : [];
  const newest = (prefix: string, caption: string): CardPicture[] => {
    const pattern = new RegExp(`^${prefix}(\\d+)\\.png$`);
    const steps = names.flatMap((name) => pattern.exec(name)?.[1] ?? []).filter((digits) => Number(digits) <= step);
    const last = steps.sort((a, b) => Number(a) - Number(b)).at(-1);
    return last === undefined
      ? []
      : [{ path: `samples/${prefix}${last}.png`, caption: `${caption} (step ${Number(last)})` }];
  };
  return [
    ...newest("step-", "Samples, none of them chosen"),
    ...newest("reconstructions-step-", "Images, each above its reconstruction"),
  ];
}

/** The hub's identifiers are words of these letters; which of them there are, it decides. */
function checkLicense(license: string): void {
  if (/^[a-z0-9][a-z0-9.+-]{1,60}$/.test(license)) return;
  throw new UserError(
    "invalid-options",
    `Expected a licence by its identifier as \`license\`, such as mit, apache-2.0, cc-by-4.0, cc-by-nc-4.0 or other, got ${JSON.stringify(license.slice(0, 80))}.`,
  );
}
