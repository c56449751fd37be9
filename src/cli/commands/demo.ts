/** @file `strata demo`: the whole path on an embedded data set, in the minutes given. */
import { existsSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { Option } from "commander";
import { applySettings, type Config, resolvePreset } from "../../config/index.js";
import type { ImageSet } from "../../data/index.js";
import type { Runtime } from "../../engine/index.js";
import { UserError } from "../../errors.js";
import { formatBytes, formatDuration, formatRate } from "../../number-format.js";
import { defaultGroups, stacksOf } from "../../refinement/latents.js";
import { drawCountWithin } from "../../refinement/posterior-draws.js";
import { type RefineResult, refine } from "../../refinement/refine.js";
import { refinementFolder } from "../../refinement/refinement-config.js";
import type { NextCommand } from "../../report/page.js";
import { ReportKeeper } from "../../report/report-keeper.js";
import { fitToTime, measureSpeed } from "../../training/fit-to-time.js";
import { openRun } from "../../training/run/open-run.js";
import { train } from "../../training/train.js";
import { programName, shellWord } from "../advice.js";
import { minutes } from "../options/arguments.js";
import { type Context, createCommand, createRuntime, withContext } from "../options/command.js";
import { openImages } from "../options/images.js";
import { openBeside, studioOption } from "../options/studio.js";
import { commandsToTry, commandsWhileTraining, resumeCommand } from "../output/next-commands.js";
import { showRefinement } from "../output/refinement-display.js";
import { showTraining } from "../output/training-display.js";

interface Options {
  data: keyof typeof demos;
  out?: string;
  minutes: number;
  studio?: boolean;
  set?: string[];
}

/** What the second stage works with. */
interface Stage {
  /** The run's folder. */
  out: string;
  images: ImageSet;
  /** In training the first stage. */
  imagesPerSecond: number;
  keeper: ReportKeeper;
  runtime: Runtime;
}

/** What is learnt from each embedded set, and how. */
const demos = {
  glyphs: { preset: "glyphs32-small", title: "A hierarchical VAE learns letters" },
  emoji: { preset: "emoji32-refined", title: "A hierarchical VAE learns emoji" },
} as const;

/** Where a demo goes when it is not told; a second one goes into `runs/demo-2`. */
const DEFAULT_OUT = "runs/demo";
/** Seconds kept for what comes after training: samples, reconstructions, the report. */
const REPORT_SECONDS = 40;
/** What of the rest the refinement gets. */
const REFINEMENT_SHARE = 0.6;
export const demoCommand = createCommand(
  "demo",
  "train a small model on an embedded set, refine it, draw samples, write a report",
  "strata demo --out runs/demo --minutes 10",
)
  .addOption(new Option("--data <name>", "embedded set to learn from").choices(Object.keys(demos)).default("glyphs"))
  .option("--out <run>", `run folder (default: the first free one of ${DEFAULT_OUT}, ${DEFAULT_OUT}-2, …)`)
  .option("--minutes <m>", "minutes to take, including the report", minutes, 10)
  .addOption(studioOption())
  .option("--set <path=value...>", "change settings of the preset, glyphs32-small or emoji32-refined")
  .action(withContext(runDemo));

async function runDemo(context: Context, options: Options): Promise<void> {
  const { progress, seed, signal } = context;
  const { preset: presetName, title } = demos[options.data];
  const out = options.out ?? freeFolder(DEFAULT_OUT);
  if (existsSync(join(out, "config.json"))) {
    throw new UserError(
      "already-exists",
      `--out ${out}: expected a folder without a run, but one is there. Give another folder.`,
    );
  }
  const chosen = seed === undefined ? [] : [`training.seed=${seed}`];
  const preset = applySettings(resolvePreset(presetName), [...(options.set ?? []), ...chosen]);
  const secondsLeft = () => 60 * options.minutes - performance.now() / 1000; // the clock started with the process
  await using runtime = await createRuntime(context);
  const { resolution } = preset.model;
  const data = await openImages({ data: options.data }, preset.model, context);
  progress.update("measuring the speed of this machine …");
  const { imagesPerSecond, startSeconds } = await measureSpeed(preset, data, { runtime, signal });
  const trainingSeconds = () => (secondsLeft() - REPORT_SECONDS) * (1 - REFINEMENT_SHARE);
  const config = fitToTime(preset, imagesPerSecond, trainingSeconds() - startSeconds);
  const { steps } = config.training;
  progress.note(
    `${formatRate(imagesPerSecond, "images")} here: ${steps} steps in ${formatDuration(trainingSeconds())}, then a refinement, then the report`,
  );
  const minutes = Math.max(trainingSeconds(), 1) / 60; // should the machine become slower
  const onNotice = (message: string) => progress.note(message);
  const text = { title };
  const whileTraining = { ...text, nextCommands: commandsWhileTraining({ run: out, config, source: options.data }) };
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
    const next = `Resume training: ${resumeCommand(out, options.data)}`;
    context.result({ out, interrupted, report: report ?? null }, `Saved in ${out}, shown by ${keeper.path}. ${next}`);
    return;
  }
  const seconds = Math.max(secondsLeft() - REPORT_SECONDS, 1);
  const refined = await refineWithin(seconds, { out, images: data.train, imagesPerSecond, keeper, runtime }, context);
  if (refined.interrupted) {
    const report = await keeper.write();
    const next = `Go on refining: ${programName()} refine ${shellWord(out)} --resume`;
    context.result(
      { out, interrupted: true, report: report ?? null },
      `Saved in ${out}, shown by ${keeper.path}. ${next}`,
    );
    return;
  }
  const nextCommands = demoCommands(out, config, options.data);
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
  const took = performance.now() / 1000;
  const commands = nextCommands.map(({ purpose, command }) => `  ${command}\n    ${purpose}`).join("\n");
  context.result(
    { out, report, seconds: took },
    `Done in ${formatDuration(took)}. Look at ${report}, then try\n${commands}`,
  );
  await studio.stay();
}

/** The second stage, in the seconds given; the report shows the grids that it draws. */
async function refineWithin(
  seconds: number,
  { out, images, imagesPerSecond, keeper, runtime }: Stage,
  { seed, signal, progress }: Context,
): Promise<RefineResult> {
  const model = await openRun(out, { onNotice: (message) => progress.note(message) });
  const { model: network } = model.config;
  const folder = refinementFolder(out);
  const show = showRefinement({ model, out: folder, runtime, signal }, progress);
  return refine(model, {
    ...{ images, out: folder, seed, runtime, signal },
    draws: drawCountWithin(seconds, imagesPerSecond, images.count, stacksOf(network, defaultGroups(network))),
    limit: { minutes: seconds / 60 },
    onEvent: async (event) => {
      await show(event);
      if (event.type === "checkpoint") await keeper.write();
    },
  });
}

/** What to do with a model once the demo has trained it. */
function demoCommands(out: string, config: Config, source: keyof typeof demos): NextCommand[] {
  return [
    ...commandsToTry({ run: out, config, source, refined: true }),
    {
      purpose: "the same on your own images",
      command: `${programName()} train --preset emoji32-refined --data folder:PATH --out runs/mine --minutes 30`,
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
