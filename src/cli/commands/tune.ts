/** @file `strata tune`: which of several settings suit a data set best, by short runs of which the better half goes on. */
import { join } from "node:path";
import { Option } from "commander";
import type { ImageSplits } from "../../data/index.js";
import type { Runtime } from "../../engine/index.js";
import { UserError } from "../../errors.js";
import { heldOutSplit } from "../../experiments/evaluation.js";
import { type Candidate, candidatesOf } from "../../experiments/tuning/candidates.js";
import { boundJudge, type Judge, sampleJudge } from "../../experiments/tuning/judge.js";
import { rungsOf, wholeTrainings } from "../../experiments/tuning/rungs.js";
import { tune } from "../../experiments/tuning/tune.js";
import { writeFileAtomic } from "../../io/files/atomic-file.js";
import { formatCount, formatDuration, formatShare } from "../../number-format.js";
import { type QualityMetric, qualityMetrics } from "../../quality/quality.js";
import { REFERENCE_ROWS } from "../../quality/reference.js";
import { programName, shellWord } from "../advice.js";
import { batchSize, imageCount, minutes, wholeNumber, wholeNumbers } from "../options/arguments.js";
import { type Context, createCommand, createRuntime, withContext } from "../options/command.js";
import { addConfigurationOptions, type ConfigurationOptions, resolveConfiguration } from "../options/configuration.js";
import {
  addExtractorOptions,
  type ExtractorOptions,
  openExtractor,
  openReference,
  qualityAsked,
} from "../options/features-options.js";
import { addDataOptions, type ImageOptions, openImages } from "../options/images.js";
import { checkFolderPlace, makeFolder } from "../options/output-place.js";
import { showTraining } from "../output/training-display.js";
import { tuningText } from "../output/tuning-text.js";

interface Options extends ConfigurationOptions, ExtractorOptions, ImageOptions {
  try: string[];
  candidates?: number;
  seeds?: number[];
  minutes: number;
  by: "bound" | QualityMetric;
  count: number;
  batch?: number;
  dryRun?: boolean;
  out: string;
}

/** Minutes that a candidate trains which comes to the end, where nothing is said. */
const MINUTES = 10;
/** Samples, or held-out images, that a candidate is judged by. */
const COUNT = 1000;

export const tuneCommand = addExtractorOptions(
  addConfigurationOptions(
    addDataOptions(
      createCommand(
        "tune",
        "find the settings that suit a data set best: short runs, of which the better half goes on; run it again to resume",
        "strata tune --preset emoji32-small --data photos --try optimizer.maxLearningRate=0.002,0.004 objective.sigma=0.04,0.06 --out runs/tuned",
      ),
      { required: true },
    ),
  ),
  "classifier",
)
  .requiredOption("--try <path=values...>", "settings with the values to try: every choice of them is a candidate")
  .option("--candidates <n>", "draw so many candidates at random, where there are more", wholeNumber(2))
  .option("--seeds <list>", "train every candidate with each of these seeds, such as 0,1 (default: one)", wholeNumbers)
  .option("--minutes <m>", "minutes that a candidate trains which comes to the end", minutes, MINUTES)
  .addOption(
    new Option("--by <figure>", "what candidates are judged by: the bound on held-out images, or a figure of samples")
      .choices(["bound", ...qualityMetrics])
      .default("bound"),
  )
  .option("--count <n>", "samples, or held-out images at most, that a candidate is judged by", imageCount(16), COUNT)
  .option("--batch <n>", "images to compute at once", batchSize)
  .option("--dry-run", "tell the candidates and the time, and train nothing")
  .requiredOption("--out <folder>", "folder for the runs, the table, the page and the configuration that is found")
  .action(withContext(runTune));

async function runTune(context: Context, options: Options): Promise<void> {
  const { out, by } = options;
  const { progress, seed, signal } = context;
  checkFolderPlace(out);
  const config = resolveConfiguration(options, { ...context, seed: undefined });
  if (config.model.superResolution && by !== "bound") {
    throw new UserError("wrong-model", `--by ${by}: expected a model that draws by itself, got one that enlarges.`);
  }
  const candidates = candidatesOf(options.try, { most: options.candidates, seed });
  const seeds = options.seeds ?? [seed ?? config.training.seed];
  tellPlan(candidates, seeds, options, context);
  if (options.dryRun) {
    context.result({ candidates, seeds, rounds: rungsOf(candidates.length) }, candidateLines(candidates));
    return;
  }
  const data = await openImages(options, config.model, context);
  makeFolder(out);
  await using runtime = await createRuntime(context);
  await using judging = await openJudge(options, data, config.model.classes, context, runtime);
  const found = await tune({
    ...{ config, candidates, seeds, data, out, minutes: options.minutes, batch: options.batch, runtime, signal },
    judge: judging.judge,
    onRun: ({ candidate, seed: own, folder, round, rounds, steps }, begun) => {
      const what = `${candidate.name} (${candidate.settings.join(", ")})${seeds.length > 1 ? `, seed ${own}` : ""}`;
      progress.note(`round ${round} of ${rounds}: ${what} ${begun ? "goes on" : "trains"} up to step ${steps}`);
      return showTraining(folder, config.model.resolution, progress);
    },
    onDoing: (what) => progress.update(what),
    onNotice: (message) => progress.note(message),
  }).catch((error) => {
    if (signal.aborted) progress.note(`What was done is kept in ${out}; run the same command to resume.`);
    throw error;
  });
  const best = join(out, "best.json");
  await writeFileAtomic(best, Buffer.from(`${JSON.stringify(found.best.config, null, 2)}\n`));
  const { writeTuning } = await import("../output/tuning-output.js"); // charts take a moment to load
  const report = await writeTuning(found, { out, judge: judging.judge, seeds });
  const again = `${programName()} train --config ${shellWord(best)} --data ${shellWord(options.data)} --out RUN`;
  context.result(
    { out, report, best: found.best.candidate, isSure: found.isSure, rounds: found.rounds },
    [
      tuningText(found, judging.judge),
      "",
      `Train with them: ${again}`,
      "For longer, set training.steps and optimizer.decaySteps to as many steps as that takes.",
      `Look at ${report}`,
    ].join("\n"),
  );
}

/** What the search will do, and how long it takes. */
function tellPlan(
  candidates: readonly Candidate[],
  seeds: readonly number[],
  { minutes: each, by, try: tries }: Options,
  { progress }: Context,
): void {
  const rungs = rungsOf(candidates.length);
  const rounds = rungs.map(({ candidates: left, share }) => `${left} for ${formatShare(share)}`).join(", ");
  const total = 60 * each * seeds.length * wholeTrainings(rungs);
  progress.note(
    `${formatCount(candidates.length)} candidates, ${seeds.length === 1 ? "one seed" : `${seeds.length} seeds`} each; rounds: ${rounds} of ${formatDuration(60 * each)}. About ${formatDuration(total)} of training in all.`,
  );
  if (by === "bound" && tries.some((text) => text.startsWith("objective."))) {
    progress.note(
      "--by bound: what the objective weighs changes the bound whether or not samples become better; --by fid looks at samples.",
    );
  }
}

const candidateLines = (candidates: readonly Candidate[]): string =>
  candidates.map(({ name, settings }) => `${name}  ${settings.join("  ")}`).join("\n");

/** What candidates are judged by, and what it holds open. */
async function openJudge(
  options: Options,
  data: ImageSplits,
  classes: number,
  context: Context,
  runtime: Runtime,
): Promise<{ judge: Judge } & AsyncDisposable> {
  const { by, count, data: source } = options;
  if (by === "bound") {
    const heldOut = data[heldOutSplit(data)];
    if (heldOut.count === 0)
      throw new UserError("too-few-images", `--data ${source}: expected held-out images to judge by, got none.`);
    return { judge: boundJudge(heldOut, count), [Symbol.asyncDispose]: async () => {} };
  }
  const { resolution } = data.train;
  const extractor = await openExtractor(options, { resolution, train: data.train }, context, runtime);
  const [metric] = qualityAsked([by], extractor, classes);
  const features = { ...options, referenceCount: REFERENCE_ROWS };
  const reference = await openReference(features, { resolution, train: data.train }, extractor, context, runtime);
  return {
    judge: sampleJudge(metric, { extractor, reference, count }),
    [Symbol.asyncDispose]: () => extractor[Symbol.asyncDispose](),
  };
}
