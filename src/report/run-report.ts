/** @file The report of a run folder, whatever it holds so far: its settings, its log, its pictures, and what its model draws. */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Config } from "../config/index.js";
import { UserError } from "../errors.js";
import { NonFiniteOutputError } from "../inference/pictures.js";
import type { TrainedModel } from "../inference/trained-model.js";
import { writeFileAtomic } from "../io/files/atomic-file.js";
import { formatCount } from "../number-format.js";
import { refinementFolder } from "../refinement/refinement-config.js";
import { readRefinementStatus } from "../refinement/refinement-status.js";
import { listCheckpoints } from "../training/run/checkpoint.js";
import { type MetricsLine, readMetrics } from "../training/run/metrics-log.js";
import { locateRun, openRun } from "../training/run/open-run.js";
import { picturePaths, readDataSummary, readRunConfig, runPaths } from "../training/run/run-folder.js";
import { isPng, type NextCommand, type Picture } from "./page.js";
import { drawRefined } from "./refined-drawings.js";
import { type ReportParts, writeReport } from "./report.js";
import { type DrawingOptions, type Drawings, drawModel } from "./run-drawings.js";
import { trainLines } from "./training-charts.js";

/** What a report says besides what the run folder holds. */
export interface ReportText {
  /** Default: the preset and the data. */
  title?: string;
  /** A sentence or two below the title. Default: how far the run has come. */
  lead?: string;
  /** More about the machine than the log says: name → value. */
  environment?: Record<string, string | number>;
  nextCommands?: NextCommand[];
}

/** What {@link writeRunReport} shows. */
export interface RunReportOptions extends ReportText, DrawingOptions {
  /** Where to write the page. Default: `report.html` in the run folder. */
  out?: string;
  /** Told what could not be drawn, and why, as a sentence. */
  onNotice?: (message: string) => void;
}

/**
 * Writes the report of a run, finished, under way, imported or shipped. With the EMA weights of its last checkpoint it draws
 * samples at several temperatures, reconstructions of held-out images, and pictures as they form; what it cannot draw it shows
 * as training last did. In a run folder the grids become PNG files too.
 *
 * @param run - the folder, or `pretrained:NAME`
 * @returns the path of the report
 * @throws UserError when the folder is no run, or the page cannot be written; the signal's reason when aborted
 */
export async function writeRunReport(run: string, options: RunReportOptions = {}): Promise<string> {
  const folder = locateRun(run);
  const config = await readRunConfig(folder);
  const drawings = await drawRun(folder, config, options);
  if (drawings && options.out === undefined) await saveDrawings(folder, drawings);
  return writeReport(options.out ?? runPaths(folder).report, await partsOf(folder, config, options, drawings));
}

/**
 * Writes the report of a run as it stands, with the pictures that training has drawn: nothing is computed.
 *
 * @returns the path of the report
 * @throws UserError when the folder is no run, or cannot be written
 */
export async function writeReportSoFar(folder: string, text: ReportText): Promise<string> {
  const parts = await partsOf(folder, await readRunConfig(folder), text);
  return writeReport(runPaths(folder).report, parts);
}

/** What a model draws, and what its refinement does. */
type RunDrawings = Drawings & { refined: Picture[] };

/** Undefined where the run has no model that draws by itself. */
async function drawRun(folder: string, config: Config, options: RunReportOptions): Promise<RunDrawings | undefined> {
  const { onNotice = () => {} } = options;
  if ((await listCheckpoints(runPaths(folder).checkpoints)).length === 0) {
    onNotice(
      "This run has no checkpoint yet: the report shows its log and its settings, and the pictures drawn so far.",
    );
    return undefined;
  }
  if (config.model.superResolution) {
    onNotice("A super-resolution model draws nothing by itself: the report shows what training enlarged.");
    return undefined;
  }
  try {
    const model = await openRun(folder, { onNotice });
    const refined = await drawRefinement(folder, model, options);
    return { ...(await drawModel(model, options)), refined };
  } catch (error) {
    if (!(error instanceof NonFiniteOutputError)) throw error;
    onNotice(`Nothing could be drawn: ${error.message}`);
    return undefined;
  }
}

/** None where the run has no refinement, or one of other weights. */
async function drawRefinement(folder: string, model: TrainedModel, options: RunReportOptions): Promise<Picture[]> {
  const { onNotice = () => {}, onProgress = () => {} } = options;
  try {
    const refinement = await readRefinementStatus(refinementFolder(folder));
    if (!refinement || refinement.step === 0) return [];
    onProgress("drawing refined samples");
    return await drawRefined(model, refinement.folder, options);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    onNotice(`No refined samples: ${error.message}`);
    return [];
  }
}

async function saveDrawings(folder: string, drawings: RunDrawings): Promise<void> {
  const { samples } = runPaths(folder);
  await mkdir(samples, { recursive: true });
  for (const [name, pictures] of Object.entries(drawings) as [string, Picture[]][]) {
    for (const [index, { png }] of pictures.entries()) {
      await writeFileAtomic(join(samples, `${name}-${index + 1}.png`), png);
    }
  }
}

async function partsOf(
  folder: string,
  config: Config,
  { title, lead, environment, nextCommands = [] }: ReportText,
  drawings?: RunDrawings,
): Promise<ReportParts> {
  const { metrics: log } = runPaths(folder);
  const metrics = existsSync(log) ? readMetrics(log) : [];
  const shown = await newestPictures(folder, config);
  const { name } = await readDataSummary(folder);
  const drawn = (kind: "samples" | "reconstructions") => {
    const pictures = drawings?.[kind] ?? [];
    return pictures.length > 0 ? pictures : shown[kind];
  };
  return {
    title: title ?? titleOf(config.preset, name),
    lead: lead ?? leadOf(metrics),
    config,
    metrics,
    refined: drawings?.refined ?? (await newestRefined(folder)),
    samples: drawn("samples"),
    reconstructions: drawn("reconstructions"),
    formation: drawings?.formation ?? [],
    environment,
    nextCommands,
  };
}

/** The preset, and the images by their last name: "emoji32-small on flowers" of folder:/data/flowers. */
function titleOf(preset: string, data: string): string {
  if (data === "unknown") return preset;
  if (data.startsWith("imported")) return `${preset}, ${data}`;
  const [, kind, place = ""] = /^(?:(\w+):)?(.*)$/.exec(data)!;
  return `${preset} on ${kind === undefined || kind === "folder" ? basename(place) || data : kind}`;
}

function leadOf(metrics: MetricsLine[]): string | undefined {
  const last = trainLines(metrics).at(-1);
  return last && `After ${formatCount(last.step)} steps of training.`;
}

/** The newest grid that the training of a refinement drew; none where it has drawn none. */
async function newestRefined(folder: string): Promise<Picture[]> {
  const place = dirname(picturePaths(refinementFolder(folder), 0).samples);
  return newest(place, /^step-(\d+)\.png$/, "refined samples, none of them chosen");
}

/** The newest grids that training drew; none where it has drawn none. */
async function newestPictures(folder: string, config: Config): Promise<Pick<Drawings, "samples" | "reconstructions">> {
  const place = dirname(picturePaths(folder, 0).samples);
  const samples = config.model.superResolution
    ? "small versions of real images, enlarged by the model"
    : "images drawn with the averaged weights, none of them chosen";
  return {
    samples: await newest(place, /^step-(\d+)\.png$/, samples),
    reconstructions: await newest(place, /^reconstructions-step-(\d+)\.png$/, "each image above its reconstruction"),
  };
}

/** The picture of the latest step, by its file's name, that is whole; none where there is none. */
async function newest(place: string, pattern: RegExp, caption: string): Promise<Picture[]> {
  const names = existsSync(place) ? await readdir(place) : [];
  const steps = names.flatMap((name) => pattern.exec(name)?.[1] ?? []).sort((a, b) => Number(b) - Number(a));
  for (const step of steps) {
    const name = names.find((candidate) => pattern.exec(candidate)?.[1] === step)!;
    const png = await readFile(join(place, name)).catch(() => undefined);
    if (png && isPng(png)) return [{ title: `Step ${formatCount(Number(step))}`, caption, png }];
  }
  return [];
}
