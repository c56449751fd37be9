/** @file `strata demo`: the whole path on the embedded emoji, in the minutes given. */
import { existsSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { applySettings, type Config, resolvePreset } from "../../config/index.js";
import type { Runtime } from "../../engine/index.js";
import { UserError } from "../../errors.js";
import { makeTemporaryFolder } from "../../io/files/temporary-folder.js";
import { formatBytes, formatDuration, formatRate } from "../../number-format.js";
import type { NextCommand } from "../../report/page.js";
import { ReportKeeper } from "../../report/report-keeper.js";
import { type TrainOptions, train } from "../../training/train.js";
import { programName } from "../advice.js";
import { minutes } from "../options/arguments.js";
import { type Context, createCommand, createRuntime, withContext } from "../options/command.js";
import { openImages } from "../options/images.js";
import { openBeside, studioOption } from "../options/studio.js";
import { commandsToTry, commandsWhileTraining, resumeCommand } from "../output/next-commands.js";
import { showTraining } from "../output/training-display.js";

interface Options {
  out?: string;
  minutes: number;
  studio?: boolean;
  set?: string[];
}

type Images = TrainOptions["data"];

/** Where a demo goes when it is not told; a second one goes into `runs/demo-2`. */
const DEFAULT_OUT = "runs/demo";
/** Seconds kept for what comes after training: samples, reconstructions, the report. */
const REPORT_SECONDS = 20;
/** Seconds of training that measure the speed of this machine, after a first step that does not count. */
const MEASURED_SECONDS = 6;

export const demoCommand = createCommand(
  "demo",
  "train a small model on the embedded emoji, draw samples, write a report",
  "strata demo --out runs/demo --minutes 10",
)
  .option("--out <run>", `run folder (default: the first free one of ${DEFAULT_OUT}, ${DEFAULT_OUT}-2, …)`)
  .option("--minutes <m>", "minutes to take, including the report", minutes, 10)
  .addOption(studioOption())
  .option("--set <path=value...>", "change settings of emoji32-small")
  .action(withContext(runDemo));

async function runDemo(context: Context, options: Options): Promise<void> {
  const { progress, seed, signal } = context;
  const out = options.out ?? freeFolder(DEFAULT_OUT);
  if (existsSync(join(out, "config.json"))) {
    throw new UserError(
      "already-exists",
      `--out ${out}: expected a folder without a run, but one is there. Give another folder.`,
    );
  }
  const chosen = seed === undefined ? [] : [`training.seed=${seed}`];
  const preset = applySettings(resolvePreset("emoji32-small"), [...(options.set ?? []), ...chosen]);
  const secondsLeft = () => 60 * options.minutes - performance.now() / 1000; // the clock started with the process
  await using runtime = await createRuntime(context);
  const { resolution } = preset.model;
  const data = await openImages({ data: "emoji" }, preset.model, context);
  const { imagesPerSecond, startSeconds } = await measureSpeed(preset, data, runtime, context);
  const config = fitToTime(preset, imagesPerSecond, secondsLeft() - startSeconds - REPORT_SECONDS);
  const { steps } = config.training;
  progress.note(
    `${formatRate(imagesPerSecond, "images")} here: ${steps} steps in ${formatDuration(secondsLeft())}, the report included`,
  );
  const minutes = Math.max(secondsLeft() - REPORT_SECONDS, 1) / 60; // should the machine become slower
  const onNotice = (message: string) => progress.note(message);
  const text = { title: "A hierarchical VAE learns emoji" };
  const whileTraining = { ...text, nextCommands: commandsWhileTraining({ run: out, config, source: "emoji" }) };
  const keeper = new ReportKeeper(out, whileTraining, onNotice);
  const show = showTraining(out, resolution, progress, { page: keeper.path });
  await using studio = await openBeside(options.studio, out, context);
  const { interrupted, seconds: trained } = await train({
    config,
    data,
    out,
    limit: { minutes },
    runtime,
    signal,
    onEvent: async (event) => {
      await show(event);
      await keeper.onEvent(event);
    },
  });
  if (interrupted) {
    const report = await keeper.write();
    const next = `Resume training: ${resumeCommand(out, "emoji")}`;
    context.result({ out, interrupted, report: report ?? null }, `Saved in ${out}, shown by ${keeper.path}. ${next}`);
    return;
  }
  const nextCommands = demoCommands(out, config);
  const { writeRunReport } = await import("../../report/run-report.js"); // charts take a moment to load
  const report = await writeRunReport(out, {
    ...text,
    lead: `Trained by strata demo for ${formatDuration(trained)} ${runtime.device === "cpu" ? `with ${runtime.threads} threads` : `on ${runtime.device}`}.`,
    heldOut: data.validation,
    environment: { processor: cpus()[0]?.model.trim() ?? "unknown", memory: formatBytes(totalmem()) },
    nextCommands,
    runtime,
    signal,
    onNotice,
    onProgress: (doing) => progress.update(`${doing} …`),
  });
  const seconds = performance.now() / 1000;
  const commands = nextCommands.map(({ purpose, command }) => `  ${command}\n    ${purpose}`).join("\n");
  context.result(
    { out, report, seconds },
    `Done in ${formatDuration(seconds)}. Look at ${report}, then try\n${commands}`,
  );
  await studio.stay();
}

/** What to do with a model once the demo has trained it. */
function demoCommands(out: string, config: Config): NextCommand[] {
  return [
    ...commandsToTry({ run: out, config, source: "emoji" }),
    {
      purpose: "the same on your own images",
      command: `${programName()} train --preset emoji32-small --data folder:PATH --out runs/mine --minutes 30`,
    },
  ];
}

/** The first of `path`, `path-2`, `path-3`, … that does not exist. */
function freeFolder(path: string): string {
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? path : `${path}-${number}`;
    if (!existsSync(candidate)) return candidate;
  }
}

/** Images a second in training, and seconds before the first step: a few steps into a folder that goes away. */
async function measureSpeed(config: Config, data: Images, runtime: Runtime, { signal, progress }: Context) {
  using folder = makeTemporaryFolder("strata-demo-");
  const stop = new AbortController();
  const calledMs = performance.now();
  let startSeconds = 0;
  let first: { images: number; seconds: number } | undefined;
  let imagesPerSecond = 0;
  progress.update("measuring the speed of this machine …");
  await train({
    config,
    data,
    out: folder.path,
    limit: { steps: 1000 },
    runtime,
    signal: AbortSignal.any([signal, stop.signal]),
    onEvent: (event) => {
      if (event.type === "start") startSeconds = (performance.now() - calledMs) / 1000;
      if (event.type !== "progress") return;
      first ??= event;
      const seconds = event.seconds - first.seconds;
      if (seconds > 0) imagesPerSecond = (event.images - first.images) / seconds;
      if (seconds >= MEASURED_SECONDS) stop.abort();
    },
  });
  signal.throwIfAborted();
  return { imagesPerSecond, startSeconds };
}

/**
 * Steps planned, of those that the time left would hold at the rate measured. Checkpoints, validation and sample grids take
 * a twentieth; a plan that is somewhat too long costs little, since the last tenth of the cosine hardly moves the weights,
 * while one that is too short gives time away.
 */
const PLANNED = 1.05;
/** Fewer steps than this show nothing, however short the time. */
const LEAST_STEPS = 20;

/**
 * A configuration whose schedule ends when the time does: steps follow from the rate measured, the cosine reaches its
 * minimum at the last one, and the run looks at itself ten times.
 *
 * @param imagesPerSecond - measured on this machine
 * @param seconds - time for training
 */
export function fitToTime(config: Config, imagesPerSecond: number, seconds: number): Config {
  const { batchSize } = config.training;
  const steps = Math.max(LEAST_STEPS, Math.floor((PLANNED * seconds * imagesPerSecond) / batchSize));
  const tenth = Math.ceil(steps / 10);
  return applySettings(config, [
    `training.steps=${steps}`,
    `optimizer.decaySteps=${steps}`,
    `optimizer.warmupSteps=${Math.min(config.optimizer.warmupSteps, tenth)}`,
    `training.evaluateEvery=${tenth}`,
    `training.sampleEvery=${tenth}`,
    `training.checkpointEvery=${Math.ceil(steps / 4)}`,
  ]);
}
