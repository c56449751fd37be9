/** @file `metrics.jsonl`, the single source of every chart: one JSON object a line, appended while a run goes on. */
import { closeSync, fstatSync, ftruncateSync, openSync, readFileSync, readSync, writeSync } from "node:fs";
import { z } from "zod";
import { UserError } from "../errors.js";

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
  /** Where it computes: `cpu` or `webgpu`. */
  device: z.string().default("cpu"),
  threads: count,
  preset: z.string(),
  data: z.string(),
  trainImages: count,
  validationImages: count,
  parameters: count,
  /** Step whose checkpoint this part of the run went on from; null for a fresh start. */
  resumedFrom: count.nullable(),
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

const metricsLine = z.discriminatedUnion("type", [runLine, trainLine, validationLine]);

/** One latent group as the log describes it. */
export type GroupInfo = z.output<typeof group>;
/** Written when a run starts and whenever it resumes. */
export type RunLine = z.output<typeof runLine>;
/** Means over the batches since the line before; nats per image. */
export type TrainLine = z.output<typeof trainLine>;
/** Measured with the EMA weights; nats per image. */
export type ValidationLine = z.output<typeof validationLine>;
export type MetricsLine = RunLine | TrainLine | ValidationLine;

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
 * Appends one line in one write, creating the file if need be. A tail without newline, left by a process that died while
 * writing, is cut off first, so that it cannot swallow the new line.
 */
export function appendMetrics(path: string, line: MetricsLine): void {
  const file = openSync(path, "a+");
  try {
    const complete = completeLength(file);
    if (complete < fstatSync(file).size) ftruncateSync(file, complete);
    writeSync(file, `${JSON.stringify(line)}\n`);
  } finally {
    closeSync(file);
  }
}

/**
 * Reads a log. A broken last line (the process died while writing it) is left out; so are lines of other types, which later
 * versions may write, and lines that a resumed run wrote again: those after the step it went on from.
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
      `Expected the metrics of a run at ${path}, but it cannot be read (${(error as Error).message}). Give the folder that \`strata train --out\` wrote.`,
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
      `Expected one JSON object a line in ${where}, but it is broken (${(error as Error).message}). Delete that line to go on without it.`,
    );
  }
  const known = z.object({ type: z.enum(["run", "train", "validation"]) }).safeParse(value).success;
  if (!known) return undefined;
  const parsed = metricsLine.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new UserError(
    `Expected a line of metrics in ${where}, but it does not fit:\n${z.prettifyError(parsed.error)}\nDelete that line to go on without it.`,
  );
}

/** Removes measurements made after `step`, in place: the run was set back to it. */
function forgetAfter(lines: MetricsLine[], step: number): void {
  const kept = lines.filter((line) => line.type === "run" || line.step <= step);
  lines.splice(0, lines.length, ...kept);
}
