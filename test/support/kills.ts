/** @file Training processes that are killed at random moments and resumed until they are done, beside one that is left alone. */
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { foldIn, keyFromSeed, uniform } from "../../src/random/index.js";
import { type MetricsLine, readMetrics } from "../../src/training/run/metrics-log.js";
import { discs, startWith, tiny } from "./command-line.js";

/** What a training process was doing when it was killed, as far as its folder tells. */
type Phase = "loading" | "compiling" | "stepping" | "evaluating" | "sampling" | "writing a checkpoint";

/** Evaluations every 3 steps, pictures every 4, checkpoints every 2: of an epoch of 6 batches, and of 4 micro-batches each. */
const EVERY = { evaluate: 3, sample: 4, checkpoint: 2 };
const STEPS = 12;
const settings = [
  ...["training.batchSize=4", "training.microBatchSize=1", `training.steps=${STEPS}`, "training.logEvery=1"],
  ...[`training.checkpointEvery=${EVERY.checkpoint}`, `training.evaluateEvery=${EVERY.evaluate}`],
  `training.sampleEvery=${EVERY.sample}`,
];

/** Share of the kills that wait for a checkpoint to be written. */
const AT_WRITING = 0.35;
/** How long after its beginning, milliseconds, at most. */
const INTO_WRITING_MS = 12;
const LOOK_MS = 1;

/** What came of it. */
export interface KillReport {
  kills: number;
  phases: Partial<Record<Phase, number>>;
  /** Runs that were killed and resumed until they were done. */
  runs: number;
  /** Seconds that the undisturbed run took. */
  undisturbedSeconds: number;
  /** The longest time from SIGTERM to the end, milliseconds. */
  slowestStopMs: number;
  /** What differs from the undisturbed run, one sentence each. */
  differences: string[];
}

/**
 * Trains once undisturbed; then starts runs that are killed by SIGKILL or SIGTERM at moments drawn from the seed, resumes them
 * until they are done, and compares what they leave.
 *
 * @param folder - empty; everything goes there
 * @throws Error when a process ends as none should
 */
export async function surviveKills(
  folder: string,
  { kills, seed }: { kills: number; seed: number },
): Promise<KillReport> {
  const data = await discs(join(folder, "discs"), ["red", "blue"], 13);
  const temporary = join(folder, "temporary"); // where killed processes leave what others would clear away
  mkdirSync(temporary);
  const launch = (...words: string[]) => startWith({ TMPDIR: temporary }, ...words);
  const words = (out: string) => ["train", ...tiny, ...settings, "--data", data, "--out", out, "--resume", "--quiet"];
  const whole = join(folder, "whole");
  const beganMs = performance.now();
  const { code, stderr } = await launch(...words(whole)).ended;
  if (code !== 0) throw new Error(`The undisturbed run ended with ${code}:\n${stderr}`);
  const undisturbedMs = performance.now() - beganMs;
  let shortestMs = undisturbedMs; // on a machine that is busy now and idle then, most would end before a later moment

  const report: KillReport = {
    kills: 0,
    phases: {},
    runs: 0,
    undisturbedSeconds: undisturbedMs / 1000,
    slowestStopMs: 0,
    differences: [],
  };
  for (let attempt = 0; report.kills < kills; report.runs++) {
    const out = join(folder, `run-${report.runs}`);
    for (let done = false; !done; attempt++) {
      const [when, name, place] = uniform(foldIn(keyFromSeed(seed), attempt), 3);
      const signal = name < 0.5 ? "SIGKILL" : "SIGTERM";
      const atWriting = place < AT_WRITING;
      const startedMs = performance.now();
      const { child, ended } = launch(...words(out));
      let killedMs: number | undefined;
      let phase: Phase | undefined;
      const kill = () => {
        if (child.exitCode !== null || report.kills >= kills) return;
        phase = phaseOf(out, child.pid!);
        killedMs = performance.now();
        child.kill(signal);
        report.kills++;
        report.phases[phase] = (report.phases[phase] ?? 0) + 1;
      };
      const moment = atWriting
        ? whenWriting(join(out, "checkpoints"), () => setTimeout(kill, when * INTO_WRITING_MS))
        : setTimeout(kill, when * shortestMs);
      const { code, stderr } = await ended;
      clearInterval(moment); // a timeout as well
      done = code === 0;
      if (done) shortestMs = Math.min(shortestMs, performance.now() - startedMs);
      // A signal that comes before our first line of code ends the process by itself.
      const stopped = code === 130 || (code === null && phase === "loading");
      const expected = done || (phase !== undefined && (signal === "SIGTERM" ? stopped : code === null));
      if (!expected) throw new Error(`Attempt ${attempt} (${signal}) ended with ${code}:\n${stderr}`);
      if (killedMs !== undefined && signal === "SIGTERM") {
        report.slowestStopMs = Math.max(report.slowestStopMs, performance.now() - killedMs);
      }
    }
    report.differences.push(...differences(whole, out));
  }
  return report;
}

/** Calls back once when a checkpoint begins to be written. */
function whenWriting(checkpoints: string, then: () => void): NodeJS.Timeout {
  const timer = setInterval(() => {
    if (!isWriting(checkpoints)) return;
    clearInterval(timer);
    then();
  }, LOOK_MS);
  return timer;
}

const isWriting = (checkpoints: string) =>
  existsSync(checkpoints) && readdirSync(checkpoints).some((name) => name.startsWith(".writing-"));

function phaseOf(out: string, pid: number): Phase {
  if (!existsSync(out) || !readdirSync(out).some((name) => name.startsWith(`lock-${pid}-`))) return "loading";
  if (isWriting(join(out, "checkpoints"))) return "writing a checkpoint";
  const metrics = join(out, "metrics.jsonl");
  const rows = existsSync(metrics) ? readFileSync(metrics, "utf8").trim().split("\n") : [];
  const last = rows.map(parsed).findLast((line) => line !== undefined);
  if (!last || last.type === "run") return "compiling"; // or amid the first step
  const { step = 0, type } = last;
  if (type === "train" && step % EVERY.evaluate === 0) return "evaluating";
  return step % EVERY.sample === 0 ? "sampling" : "stepping";
}

function parsed(row: string): { type: string; step?: number } | undefined {
  try {
    return JSON.parse(row);
  } catch {
    return undefined; // being written
  }
}

/** What a run that was killed and resumed left otherwise than the undisturbed one. */
export function differences(whole: string, out: string, steps = STEPS): string[] {
  const found: string[] = [];
  const last = join("checkpoints", `step-${steps}`);
  const equal = (path: string) => {
    if (!readFileSync(join(whole, path)).equals(readFileSync(join(out, path)))) found.push(`${out}: ${path} differs`);
  };
  const names = (path: string) => readdirSync(path).sort().join(" ");
  if (names(join(whole, last)) !== names(join(out, last))) found.push(`${out}: other files in ${last}`);
  else for (const name of readdirSync(join(whole, last))) equal(join(last, name));
  equal("config.json");
  if (names(join(whole, "samples")) !== names(join(out, "samples"))) found.push(`${out}: other files in samples`);
  else for (const name of readdirSync(join(out, "samples"))) equal(join("samples", name));
  for (const place of [out, join(out, "checkpoints"), join(out, "samples")]) {
    const left = readdirSync(place).filter((name) => /^(\.|lock-)/.test(name));
    if (left.length > 0) found.push(`${place}: ${left} left behind`);
  }
  const rows = readFileSync(join(out, "metrics.jsonl"), "utf8").trimEnd().split("\n");
  if (rows.some((row) => parsed(row) === undefined)) found.push(`${out}: a broken line of metrics`);
  const [expected, got] = [whole, out].map((run) => measurements(readMetrics(join(run, "metrics.jsonl"))));
  if (new Set(got).size !== got.length) found.push(`${out}: a measurement twice`);
  if (expected.join("\n") !== got.join("\n")) {
    const first = expected.findIndex((line, i) => line !== got[i]);
    found.push(`${out}: ${got.length} measurements of ${expected.length}; ${expected[first]} became ${got[first]}`);
  }
  return found;
}

/** What was measured, without times. */
const measurements = (lines: MetricsLine[]): string[] =>
  lines
    .filter(({ type }) => type !== "run")
    .map((line) =>
      JSON.stringify({ ...line, seconds: undefined, imagesPerSecond: undefined, dataWaitShare: undefined }),
    );
