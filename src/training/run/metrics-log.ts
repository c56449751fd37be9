/** @file `metrics.jsonl`, the single source of every chart: one JSON object a line, appended while a run trains. */
import { existsSync, fstatSync, fsyncSync, ftruncateSync, readFileSync, readSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { readFailure, UserError } from "../../errors.js";
import { writeFileAtomic } from "../../io/files/atomic-file.js";
import { openDescriptor } from "../../io/files/descriptor.js";
import { writeError } from "../../io/files/write-error.js";
import { LINE_TYPES, type MetricsLine, metricsLine, type RunLine } from "./metrics-lines.js";

export type {
  GroupInfo,
  MetricsLine,
  PlateauLine,
  RunLine,
  SkipLine,
  TrainLine,
  ValidationLine,
} from "./metrics-lines.js";

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
 * @returns the line written, with the training time so far, and how many broken lines were left out besides the last
 * @throws UserError when the file cannot be read or written
 */
export async function beginLog(
  path: string,
  part: RunLine,
  recounts: boolean,
): Promise<{ line: RunLine; broken: number }> {
  const { resumedFrom } = part;
  const rows = resumedFrom === null || !existsSync(path) ? [] : readText(path).split("\n");
  const kept: string[] = [];
  let [seconds, broken] = [0, 0];
  rows.forEach((row, index) => {
    if (row.trim() === "") return;
    const line = rewound.safeParse(parseJson(row)).data;
    if (!line)
      broken += index < rows.length - 1 ? 1 : 0; // the last is what a crash leaves
    else if ((line.step ?? line.resumedFrom ?? 0) <= resumedFrom!) {
      seconds = Math.max(seconds, line.seconds ?? 0);
      if (!(recounts && line.type === "train" && line.step === resumedFrom)) kept.push(row);
    } else if (line.type === "run") kept.push(row); // what happened, happened
  });
  const line = { ...part, seconds };
  await writeFileAtomic(path, Buffer.from(`${[...kept, JSON.stringify(line)].join("\n")}\n`));
  return { line, broken };
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
