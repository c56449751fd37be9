/**
 * @file `metrics.jsonl`, the single source of every chart: one JSON object a line, appended while a run trains; and
 * what each kind of line holds.
 */

import { existsSync, fstatSync, fsyncSync, ftruncateSync, readFileSync, readSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { readFailure, UserError } from "../../errors.js";
import { writeFileAtomic } from "../../io/files/atomic-file.js";
import { openDescriptor } from "../../io/files/descriptor.js";
import { writeError } from "../../io/files/write-error.js";
import { SKIP_REASONS } from "../optimizer/schedules.js";

/** JSON knows no NaN and no infinity: numbers that are not finite are written as null and read back as NaN. */
const number = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NaN);
const numbers = z.array(number);
const count = z.number().int().nonnegative();

const group = z.object({
  /** 0 is the lowest resolution. */
  index: count,
  resolution: z.number().int().positive(),
  /** Latent channels. */
  channels: z.number().int().positive(),
  /** Target share of the information, in [0, 1]; null without an information schedule. */
  share: z.number().nullable(),
});

const runLine = z.object({
  type: z.literal("run"),
  /** ISO 8601, the moment the run or its continuation began. */
  time: z.string(),
  version: z.string(),
  node: z.string(),
  /** Where it computes: `cpu`, `webgpu` or `xla`. */
  device: z.string().default("cpu"),
  /** Of XLA: how many devices of which kind. */
  devices: z.string().optional(),
  /** How exactly it computes, where that is not float32: `tf32` or `bfloat16`. */
  precision: z.string().optional(),
  threads: count,
  preset: z.string(),
  data: z.string(),
  trainImages: count,
  validationImages: count,
  parameters: count,
  /** Step whose checkpoint this part of the run resumed from; null for a fresh start. */
  resumedFrom: count.nullable(),
  /** Training time of the run before this part; logs of older versions lack it. */
  seconds: number.optional(),
  groups: z.array(group),
});

const trainLine = z.object({
  type: z.literal("train"),
  /** Batches seen. */
  step: count,
  images: count,
  /** Training time of the whole run so far. */
  seconds: number,
  imagesPerSecond: number,
  /** Share of the time in which the engine waited for images, in [0, 1]. */
  dataWaitShare: number.default(0),
  lossNats: number,
  distortionNats: number,
  klNats: number,
  klWeightedNats: number,
  spectral: number,
  learningRate: number,
  gradientNorm: number,
  /** Updates skipped since the start of the run. */
  skips: count,
  /** [L], lowest resolution first. */
  groupKlNats: numbers,
});

const validationLine = z.object({
  type: z.literal("validation"),
  /** Which images were measured: held-out ones, or as many of the training set. */
  split: z.enum(["validation", "train"]),
  step: count,
  images: count,
  seconds: number,
  /** Images measured. */
  count,
  /** Bound on the discretised negative log-likelihood. */
  bitsPerDim: number,
  /** Distortion plus unweighted KL. */
  boundNats: number,
  distortionNats: number,
  klNats: number,
  psnrDb: number,
  /** [L], lowest resolution first. */
  groupKlNats: numbers,
});

const skipLine = z.object({
  type: z.literal("skip"),
  /** Batches seen, this one included. */
  step: count,
  images: count,
  seconds: number,
  reason: z.enum(SKIP_REASONS),
  /** How many updates in a row have been skipped, this one included. */
  consecutive: count,
  lossNats: number,
  distortionNats: number,
  klNats: number,
  gradientNorm: number,
  /** [L], lowest resolution first. */
  groupKlNats: numbers,
});

const plateauLine = z.object({
  type: z.literal("plateau"),
  step: count,
  images: count,
  seconds: number,
  /** The step with the smallest bound on held-out images so far, and that bound. */
  bestStep: count,
  bestBitsPerDim: number,
  /** Evaluations since, none of them better. */
  evaluations: count,
});

const flowLine = z.object({
  type: z.literal("flow"),
  /** Batches seen. */
  step: count,
  /** Latents of images seen. */
  images: count,
  seconds: number,
  imagesPerSecond: number,
  /** Mean squared error of the velocities, summed over the resolutions. */
  loss: number,
  learningRate: number,
});

const headLine = z.object({
  ...flowLine.shape,
  type: z.literal("head"),
  /** What the head's code costs, −ln p(x|z) / (D ln 2), bits per dimension. */
  loss: number,
});

const lineSchemas = [runLine, trainLine, validationLine, skipLine, plateauLine, flowLine, headLine] as const;
/** Any line of a log. */
const metricsLine = z.discriminatedUnion("type", lineSchemas);
/** The kinds of lines that this version knows. */
const LINE_TYPES: readonly string[] = lineSchemas.map(({ shape }) => shape.type.value);

/** One latent group as the log describes it. */
export type GroupInfo = z.output<typeof group>;
/** Written when a run starts and whenever it resumes. */
export type RunLine = z.output<typeof runLine>;
/** Means over the batches since the line before; nats per image. */
export type TrainLine = z.output<typeof trainLine>;
/** Measured with the EMA weights; nats per image. */
export type ValidationLine = z.output<typeof validationLine>;
/** One batch whose update was skipped; nats per image, means over the batch. */
export type SkipLine = z.output<typeof skipLine>;
/** Written once when the bound on held-out images has not improved for long. */
export type PlateauLine = z.output<typeof plateauLine>;
/** Means over the batches since the line before, of a refinement's training; its log lies in RUN/refinement. */
export type FlowLine = z.output<typeof flowLine>;
/** The same of a head's training; its log lies in RUN/heads. */
export type HeadLine = z.output<typeof headLine>;
/** A line of the training of a second stage. */
export type StageLine = FlowLine | HeadLine;
/** A line of `metrics.jsonl`, told apart by its `type`. */
export type MetricsLine = z.output<typeof metricsLine>;

const NEWLINE = 0x0a;

/** Bytes of `file` up to and including its last newline. */
function completeLength(file: number): number {
  let end = fstatSync(file).size;
  const block = Buffer.alloc(4096);
  while (end > 0) {
    const start = Math.max(0, end - block.length);
    const newline = block.subarray(0, readSync(file, block, 0, end - start, start)).lastIndexOf(NEWLINE);
    if (newline >= 0) return start + newline + 1;
    end = start;
  }
  return 0;
}

/**
 * Appends lines that belong together in one write, creating the file if need be. A tail without newline, left by a process
 * that died while writing, is cut off first, so that it cannot swallow the new lines.
 *
 * @throws UserError when it cannot be written
 */
export function appendMetrics(path: string, ...lines: MetricsLine[]): void {
  withLog(path, (file) => {
    const complete = completeLength(file);
    if (complete < fstatSync(file).size) ftruncateSync(file, complete);
    writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join("")); // as often as it takes: one write may write a part
  });
}

/**
 * Waits until every line is on disk: before a checkpoint that knows of their steps.
 *
 * @throws UserError when the disk refuses
 */
export function syncMetrics(path: string): void {
  withLog(path, fsyncSync);
}

/** Opens a log, which is empty where someone has moved it away. */
function withLog(path: string, action: (file: number) => void): void {
  try {
    using file = openDescriptor(path, "a+");
    action(file.fd);
  } catch (error) {
    throw writeError(path, error);
  }
}

/** What rewinding a log looks at; everything else stays as it is. */
const rewound = z.looseObject({
  type: z.string(),
  step: z.number().optional(),
  seconds: z.number().nullish(),
  resumedFrom: z.number().nullish(),
});

/**
 * Begins a log, or resumes one: the file is replaced by one without the lines that the run is going to write again, those
 * after the step it resumes from, and without broken ones, but with `part` at its end. So nobody who reads the file finds a
 * measurement twice. A crash leaves the old file or the new one.
 *
 * @param part - begins a log when it resumes from no step
 * @param recounts - whether the batches of a train line at that very step are counted again in the next one, as when a run
 *   stopped between two lines
 * @returns the line written, with the training time so far; that of the part before; and how many broken lines were left out
 *   besides the last
 * @throws UserError when the file cannot be read or written
 */
export async function beginLog(
  path: string,
  part: RunLine,
  recounts: boolean,
): Promise<{ line: RunLine; before: RunLine | undefined; broken: number }> {
  const { resumedFrom } = part;
  const rows = resumedFrom === null || !existsSync(path) ? [] : readText(path).split("\n");
  const kept: string[] = [];
  let [seconds, broken] = [0, 0];
  let before: RunLine | undefined;
  rows.forEach((row, index) => {
    if (row.trim() === "") return;
    const json = parseJson(row);
    const line = rewound.safeParse(json).data;
    if (line?.type === "run") before = runLine.safeParse(json).data;
    if (!line)
      broken += index < rows.length - 1 ? 1 : 0; // the last is what a crash leaves
    else if ((line.step ?? line.resumedFrom ?? 0) <= resumedFrom!) {
      seconds = Math.max(seconds, line.seconds ?? 0);
      if (!(recounts && line.type === "train" && line.step === resumedFrom)) kept.push(row);
    } else if (line.type === "run") kept.push(row); // what happened, happened
  });
  const line = { ...part, seconds };
  await writeFileAtomic(path, Buffer.from(`${[...kept, JSON.stringify(line)].join("\n")}\n`));
  return { line, before, broken };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Reads a log. A broken last line (the process died while writing it) is left out; so are lines of other types, which later
 * versions may write, and lines that a resumed run wrote again: those after the step it resumed from.
 *
 * @throws UserError when the file cannot be read, or a line other than the last is not a line of such a log
 */
export function readMetrics(path: string): MetricsLine[] {
  return parseMetrics(readText(path), path);
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new UserError(
      readFailure(error),
      `Expected the metrics of a run at ${path}, but it cannot be read (${(error as Error).message}). Give the folder of a run: the one that it was trained into, as \`out\`.`,
    );
  }
}

/** `readMetrics` of a text already read; `where` names it in errors. */
export function parseMetrics(text: string, where: string): MetricsLine[] {
  const rows = text.split("\n");
  while (rows.at(-1)?.trim() === "") rows.pop();
  const lines: MetricsLine[] = [];
  rows.forEach((row, index) => {
    if (row.trim() === "") return;
    const line = parseLine(row, `${where}, line ${index + 1}`, index === rows.length - 1);
    if (line?.type === "run" && line.resumedFrom !== null) forgetAfter(lines, line.resumedFrom);
    if (line) lines.push(line);
  });
  return lines;
}

function parseLine(row: string, where: string, isLast: boolean): MetricsLine | undefined {
  let value: unknown;
  try {
    value = JSON.parse(row);
  } catch (error) {
    if (isLast) return undefined;
    throw new UserError(
      "damaged",
      `Expected one JSON object a line in ${where}, but it is broken (${(error as Error).message}). Delete that line to go on without it.`,
    );
  }
  const known = z.object({ type: z.enum(LINE_TYPES) }).safeParse(value).success;
  if (!known) return undefined;
  const parsed = metricsLine.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new UserError(
    "damaged",
    `Expected a line of metrics in ${where}, but it does not fit:\n${z.prettifyError(parsed.error)}\nDelete that line to go on without it.`,
  );
}

/** Removes measurements made after `step`, in place: the run was set back to it. */
function forgetAfter(lines: MetricsLine[], step: number): void {
  const kept = lines.filter((line) => line.type === "run" || line.step <= step);
  lines.splice(0, lines.length, ...kept);
}
