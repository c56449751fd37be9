/** @file A run as others get it: what it takes to use the model and to see how it came about, with its card. */
import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { UserError } from "../errors.js";
import { headFolder } from "../heads/head-config.js";
import { findHeads } from "../heads/trained-head.js";
import { writeFileAtomic } from "../io/files/atomic-file.js";
import { parseJson } from "../io/files/json.js";
import { writeError } from "../io/files/write-error.js";
import { findRefinement } from "../refinement/refinement.js";
import { checkpointFolder, listCheckpoints } from "../training/run/checkpoint.js";
import { locateRun, type OpenRunOptions, openRun } from "../training/run/open-run.js";
import { runPaths } from "../training/run/run-folder.js";
import { writeTorch } from "../weights/write-weights.js";
import { type CardOptions, picturesOf, runCard } from "./run-card.js";
import { shareableJson } from "./shareable.js";
import { webFacts } from "./web-facts.js";

/** Formats that can lie beside the run, each with what writes it. */
const formats = {
  onnx: async (model: Model, folder: string, { run, onNotice }: SharedRun) => {
    const { exportOnnx } = await import("../weights/onnx/export-onnx.js");
    await exportOnnx(model, join(folder, "onnx"), { refinement: await findRefinement(model, run, { onNotice }) });
  },
  web: async (model: Model, folder: string, { run, place, onNotice }: SharedRun) => {
    const { exportWeb } = await import("../weights/web/export-web.js");
    await exportWeb(model, join(folder, "web"), { run: place, ...(await webFacts(model, run, onNotice)) });
  },
  torch: (model: Model, folder: string) => writeTorch(model, join(folder, "model.pt")),
};

type Model = Awaited<ReturnType<typeof openRun>>;

/** A run, where it will lie, and who hears what there is to tell. */
type SharedRun = { run: string; place: string; onNotice?: (message: string) => void };

/** A format that {@link writeSharedFolder} can put beside the run. */
export type SharedFormat = keyof typeof formats;
export const sharedFormats = Object.keys(formats) as SharedFormat[];

/** How {@link writeSharedFolder} writes a run. */
export interface SharedFolderOptions
  extends Omit<CardOptions, "formats">,
    Pick<OpenRunOptions, "checkpoint" | "onNotice"> {
  formats?: readonly SharedFormat[];
}

/** Whether a file of a repository is of a model that was shared before: it goes when another takes its place. */
export const isOwnFile = (path: string): boolean =>
  /^((checkpoints|samples|calibration|refinement|heads|onnx|web)\/|(config|data)\.json$|metrics\.jsonl$|model\.pt$)/.test(
    path,
  );

/**
 * Writes a run for others: averaged weights of one checkpoint, configuration, log, pictures, calibration, refinement, heads, card.
 * The places of this machine are left out of all of them.
 *
 * @param folder - to write into; empty, or not there
 * @returns the step of the weights
 * @throws UserError when the run cannot be opened, or the folder not be written
 */
export async function writeSharedFolder(
  run: string,
  folder: string,
  { formats: also = [], checkpoint, onNotice, ...card }: SharedFolderOptions,
): Promise<{ step: number }> {
  const model = await openRun(run, { checkpoint, onNotice });
  const from = locateRun(run);
  const { step } = model;
  const text = await runCard(run, model, { ...card, formats: also }); // refused before anything is written
  await copyCheckpoint(from, folder, step);
  for (const path of [
    "config.json",
    "data.json",
    "metrics.jsonl",
    "calibration/settings.json",
    "refinement/calibration/settings.json",
  ])
    await copyJson(from, folder, path);
  for (const { path } of await picturesOf(from, step)) await copy(from, folder, path);
  await copyStage(join(from, "refinement"), join(folder, "refinement"));
  for (const { name } of await findHeads(model, run, { onNotice }))
    await copyStage(headFolder(from, name), headFolder(folder, name));
  for (const format of also) await formats[format](model, folder, { run, place: card.place ?? run, onNotice });
  await write(join(folder, "README.md"), text);
  return { step };
}

/** The averaged weights of one checkpoint: its manifest has their digests. */
async function copyCheckpoint(from: string, to: string, step: number): Promise<void> {
  const checkpoint = checkpointFolder("checkpoints", step);
  for (const name of ["manifest.json", "ema.safetensors"]) await copy(from, to, join(checkpoint, name));
}

/** What a second stage is drawn with. */
async function copyStage(from: string, to: string): Promise<void> {
  const step = (await listCheckpoints(runPaths(from).checkpoints)).at(-1);
  if (step === undefined || !existsSync(runPaths(from).config)) return;
  await copy(from, to, "config.json");
  await copyCheckpoint(from, to, step);
}

/** Copies JSON, or JSON by lines, with the names of its data made shareable. */
async function copyJson(from: string, to: string, path: string): Promise<void> {
  const source = join(from, path);
  if (!existsSync(source)) return;
  const bytes = await readFile(source);
  const refuse = (problem: string): never => {
    throw new UserError("damaged", `Expected JSON in ${source}, but ${problem}.`);
  };
  if (path.endsWith(".json")) {
    const shared = shareableJson(parseJson(bytes, refuse), path === "data.json" ? ["name"] : undefined);
    return write(join(to, path), `${JSON.stringify(shared, null, 2)}\n`);
  }
  const lines = bytes.toString("utf8").split("\n");
  const shared = lines.flatMap((line) => (line.trim() === "" ? [] : [sharedLine(line)].flat()));
  return write(join(to, path), `${shared.join("\n")}\n`);
}

/** A line of a log; one that is broken, as the last may be, is left out. */
function sharedLine(line: string): string[] | string {
  try {
    return JSON.stringify(shareableJson(JSON.parse(line)));
  } catch {
    return [];
  }
}

async function copy(from: string, to: string, path: string): Promise<void> {
  const target = join(to, path);
  try {
    await mkdir(dirname(target), { recursive: true });
    await copyFile(join(from, path), target);
  } catch (error) {
    throw writeError(target, error);
  }
}

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true }).catch((error) => {
    throw writeError(path, error);
  });
  await writeFileAtomic(path, Buffer.from(text));
}

/** Paths of all files of a folder, with slashes, in order. */
export async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) =>
      join(parentPath, name)
        .slice(folder.length + 1)
        .replaceAll("\\", "/"),
    )
    .sort();
}
