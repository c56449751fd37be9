/** @file What a run folder tells of itself to somebody who looks at it, also while it is trained: nothing is changed, and no weights are read. */
import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { UserError } from "../../errors.js";
import type { DataSummary } from "../../inference/trained-model.js";
import { checkpointFolder, listCheckpoints, type Part, readManifest } from "./checkpoint.js";
import { type BestStep, bestOf, plateauNotice } from "./held-out.js";
import type { Holder } from "./lock-holder.js";
import type { Manifest } from "./manifest.js";
import { type MetricsLine, readMetrics } from "./metrics-log.js";
import { readDataSummary, readRunConfig, runPaths } from "./run-folder.js";
import { trainersOf } from "./run-lock.js";

/** What a run is resumed from. */
const STATE: readonly Part[] = ["parameters", "ema", "optimizer", "spectral"];

/** One checkpoint of a run. */
export interface CheckpointStatus {
  step: number;
  /** Size of its files. */
  bytes: number;
  /** Its files, without `.safetensors`: without all of {@link STATE} it cannot be resumed. */
  parts: string[];
}

export interface RunStatus {
  /** Batches seen, as far as the folder tells; of a run under way that may be more than is saved. */
  step: number;
  /** Batches of the whole run, as configured. */
  totalSteps: number;
  /** Images seen. */
  images: number;
  /** Training time; null where the folder has no log, as of imported weights. */
  seconds: number | null;
  /** Where it computed last. */
  computed: { device: string; threads: number; version: string } | null;
  data: DataSummary & { heldOut: number | null };
  /** The smallest bound on held-out images of the checkpoints that are kept, and the last one measured. */
  best: BestStep | null;
  last: BestStep | null;
  /** Ascending. */
  checkpoints: CheckpointStatus[];
  /** Who trains into the folder now; more than one only where they cannot see one another. */
  trainers: Pick<Holder, "pid" | "host" | "since">[];
  /** What the user should know, sentence by sentence. */
  notices: string[];
}

/**
 * Looks at a run folder.
 *
 * @throws UserError when the folder is no run folder
 */
export async function readRunStatus(folder: string): Promise<RunStatus> {
  const { training } = await readRunConfig(folder);
  const data = await readDataSummary(folder);
  const notices: string[] = [];
  const onNotice = (message: string) => notices.push(message);
  const log = readLog(runPaths(folder).metrics, onNotice);
  const { checkpoints, newest } = await readCheckpoints(runPaths(folder).checkpoints, onNotice);
  const seen = log.flatMap((line) => ("step" in line ? [line] : [])).at(-1);
  const ahead = seen && seen.step > (newest?.step ?? -1) ? seen : newest;
  const run = log.filter((line) => line.type === "run").at(-1);
  const measured = log.filter((line) => line.type === "validation").filter(({ split }) => split === "validation");
  const plateau = log.filter((line) => line.type === "plateau").at(-1);
  const steps = checkpoints.map(({ step }) => step);
  const skips = Math.max(newest?.skips ?? 0, ...log.map((line) => (line.type === "train" ? line.skips : 0)));
  if (skips > 0) onNotice(`${skips} updates were skipped; metrics.jsonl says why.`);
  if (plateau) onNotice(plateauNotice(plateau, log, training.flips || data.mirrorable === false));
  if (checkpoints.length === 0) onNotice("There is no checkpoint yet.");
  else if (!STATE.every((part) => checkpoints.at(-1)!.parts.includes(part))) {
    onNotice(
      "The newest checkpoint is not a whole training state: use its weights, or start a new run with `initial`.",
    );
  }
  const last = measured.at(-1);
  return {
    step: ahead?.step ?? 0,
    totalSteps: training.steps,
    images: ahead && "images" in ahead ? ahead.images : 0,
    seconds: log.length === 0 ? null : Math.max(...log.map(({ seconds }) => seconds ?? 0)),
    computed: run ? { device: run.device, threads: run.threads, version: run.version } : null,
    data: { ...data, heldOut: run?.validationImages ?? null },
    best: bestOf(log, steps) ?? null,
    last: last ? { step: last.step, bitsPerDim: last.bitsPerDim } : null,
    checkpoints,
    trainers: (await trainersOf(folder)).map(({ pid, host, since }) => ({ pid, host, since })),
    notices,
  };
}

/** The lines of a log; none, and why, where it cannot be read. */
function readLog(path: string, onNotice: (message: string) => void): MetricsLine[] {
  if (!existsSync(path)) return [];
  try {
    return readMetrics(path);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    onNotice(error.message);
    return [];
  }
}

/** The checkpoints whose manifest and files are there, and the newest manifest; of the others it is said what is wrong. */
async function readCheckpoints(place: string, onNotice: (message: string) => void) {
  const checkpoints: CheckpointStatus[] = [];
  let newest: Manifest | undefined;
  for (const step of await listCheckpoints(place)) {
    const folder = checkpointFolder(place, step);
    try {
      newest = await readManifest(folder);
      const { files } = newest;
      for (const [name, { bytes }] of Object.entries(files)) await expectSize(join(folder, name), bytes);
      const bytes = Object.values(files).reduce((sum, file) => sum + file.bytes, 0);
      checkpoints.push({ step, bytes, parts: Object.keys(files).map((name) => name.replace(/\.safetensors$/, "")) });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      onNotice(`The checkpoint of step ${step} cannot be used. ${error.message}`);
    }
  }
  return { checkpoints, newest };
}

async function expectSize(path: string, bytes: number): Promise<void> {
  const size = await stat(path).then(
    (file) => file.size,
    () => undefined,
  );
  if (size === bytes) return;
  throw new UserError("damaged", `Expected ${bytes} bytes in ${path}, got ${size === undefined ? "no file" : size}.`);
}
