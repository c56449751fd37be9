/** @file `strata train`: from images to a run folder. */
import type { Config } from "../../config/index.js";
import { type ImageSet, readingOf } from "../../data/index.js";
import { UserError } from "../../errors.js";
import { formatCount, formatDuration, formatFixed } from "../../number-format.js";
import { ReportKeeper } from "../../report/report-keeper.js";
import { estimateTraining } from "../../training/cost/estimate.js";
import { bindingSettings, differences } from "../../training/run/manifest.js";
import { openRun } from "../../training/run/open-run.js";
import { readRunConfig } from "../../training/run/run-folder.js";
import { expectNoRun } from "../../training/run/starting-point.js";
import { train } from "../../training/train.js";
import { programName, shellWord } from "../advice.js";
import { minutes, wholeNumber } from "../options/arguments.js";
import { type Context, createCommand, createRuntime, Interrupted, withContext } from "../options/command.js";
import { addConfigurationOptions, type ConfigurationOptions, resolveConfiguration } from "../options/configuration.js";
import { expectMirrorable } from "../options/flips.js";
import { hubOptions } from "../options/hub.js";
import { addDataOptions, type ImageOptions, openImages } from "../options/images.js";
import { checkFolderPlace } from "../options/output-place.js";
import { addRankOptions, sendImagesOption, sharedByRanks } from "../options/ranks.js";
import { openBeside, studioOption } from "../options/studio.js";
import { addTrackerOptions, openTrackers, type TrackerOptions } from "../options/trackers.js";
import { estimateText } from "../output/estimate-text.js";
import { commandsToTry, commandsWhileTraining, refineCommands, resumeCommand } from "../output/next-commands.js";
import { showTraining } from "../output/training-display.js";

interface Options extends ConfigurationOptions, Partial<ImageOptions>, TrackerOptions {
  out?: string;
  steps?: number;
  images?: number;
  minutes?: number;
  resume?: boolean;
  studio?: boolean;
  init?: string;
  dryRun?: boolean;
  sendImages?: boolean;
}

export const trainCommand = addTrackerOptions(
  addRankOptions(
    addDataOptions(
      addConfigurationOptions(
        createCommand(
          "train",
          "train a model on images",
          "strata train --preset emoji32-small --data emoji --out runs/emoji --minutes 30",
        ),
      ),
    ),
  ),
  {
    tensorboard: "also write event files for TensorBoard into RUN/tensorboard",
    mlflow: "also send curves to an MLflow server",
  },
)
  .option("--stream", "read WebDataset shards or Parquet files while training, without packing them")
  .option("--out <run>", "run folder")
  .option("--steps <n>", "stop after this many batches in total", wholeNumber(1))
  .option("--images <n>", "stop after this many images in total", wholeNumber(1))
  .option("--minutes <m>", "stop after this many minutes, from now", minutes)
  .option(
    "--resume",
    "resume from the last checkpoint of the run folder, with its own configuration unless you name one",
  )
  .addOption(studioOption())
  .option(
    "--init <checkpoint>",
    "start from the weights of another run, of RUN/checkpoints/step-N, of pretrained:NAME or hf:OWNER/NAME",
  )
  .addOption(sendImagesOption())
  .option("--dry-run", "print what training will take (memory, speed, time) and the configuration; do not train")
  .action(withContext(sharedByRanks(runTrain)));

async function runTrain(context: Context, options: Options): Promise<void> {
  const { progress, ranks, signal } = context;
  const named = options.preset !== undefined || options.config !== undefined;
  const own = options.resume && !named && options.out !== undefined ? await readRunConfig(options.out) : undefined;
  const config = resolveConfiguration(options, context, own);
  if (options.dryRun) return dryRun(config, options, context);
  const { data: source, out } = options;
  const reading = readingOf(options);
  if (source === undefined)
    throw new UserError(
      "invalid-options",
      "Expected --data SOURCE, the images to train on: emoji, glyphs, cifar10:PATH, folder:PATH, or a path.",
    );
  if (out === undefined) throw new UserError("invalid-options", "Expected --out RUN, the folder to train into.");
  checkFolderPlace(out);
  expectMirrorable(source, config, options.set);
  const { resolution } = config.model;
  if (!options.resume) await expectNoRun(out); // before hours of packing
  const initial = options.init === undefined ? undefined : await initialWeights(options.init, config, context);
  const data = await openImages({ data: source, stream: options.stream, ...reading }, config.model, context);
  noteClasses(data.train, config.model, context);
  const onNotice = (message: string) => progress.note(message);
  const used = { run: out, config, source, reading, stream: options.stream, heldOut: data.validation.count > 0 };
  const keeper = new ReportKeeper(out, { nextCommands: commandsWhileTraining(used) }, onNotice);
  const show = showTraining(out, resolution, progress, { page: keeper.path });
  const trackers = await openTrackers(options, out, resolution, context);
  await using runtime = await createRuntime(context);
  await using studio = await openBeside(options.studio && ranks.rank === 0, out, context);
  try {
    const result = await train({
      config,
      data,
      out,
      resume: options.resume,
      initial,
      limit: { steps: options.steps, images: options.images, minutes: options.minutes },
      runtime,
      ranks,
      sendImages: options.sendImages,
      signal,
      onEvent: async (event) => {
        await show(event);
        await keeper.onEvent(event);
        await trackers.onEvent(event);
      },
    });
    const { step, images, seconds, interrupted, checkpoint, best } = result;
    await trackers.close(interrupted ? "KILLED" : "FINISHED");
    const done = `${interrupted ? "Interrupted after" : "Trained"} ${formatCount(step)} steps, ${formatCount(images)} images, ${formatDuration(seconds)}.`;
    const better =
      best && best.step < step
        ? ` The best on held-out images is that of step ${best.step} (bound ${formatFixed(best.bitsPerDim, 2)} bits/dim): --checkpoint best.`
        : "";
    const report = await keeper.write();
    const whole = config.model.superResolution ? "" : `; with more pictures: ${programName()} report ${shellWord(out)}`;
    const look = report === undefined ? "" : `\nLook at ${report}${whole}`;
    const next = interrupted
      ? `Resume: ${resumeCommand(out, source, reading, options.stream)}`
      : [
          `Samples: ${commandsToTry(used)[0].command}`,
          ...refineCommands(used).map((each) => `A second stage, for samples whose parts fit together: ${each}`),
        ].join("\n");
    context.result(
      { out, device: runtime.device, ...result, report: report ?? null },
      `${done} Saved in ${checkpoint}.${better}${look}\n${next}`,
    );
    if (interrupted) throw new Interrupted(); // also where another process was
    await studio.stay();
  } catch (error) {
    await trackers.close("FAILED"); // unless it has ended already
    await keeper.write(); // what came of it until then
    throw error;
  }
}

/** Says what training would take, and with which configuration. */
async function dryRun(config: Config, options: Options, context: Context): Promise<void> {
  const { progress, signal } = context;
  const { data: source, steps, images, minutes } = options;
  const reading = readingOf(options);
  await using runtime = await createRuntime(context);
  const onStage = (what: string) => progress.update(`${what} …`);
  const onNotice = (message: string) => progress.note(message);
  const estimate = await estimateTraining(config, {
    source,
    reading,
    hub: hubOptions(context),
    runtime,
    signal,
    onStage,
    onNotice,
  });
  const summary = estimateText(estimate, config, { steps, images, minutes });
  context.result({ config, ...estimate }, `${summary}\n\n${JSON.stringify(config, null, 2)}`);
}

/** Says that the images have classes and the model uses none: which of them is meant is not known. */
function noteClasses(
  { classes }: ImageSet,
  { classes: used, superResolution }: Config["model"],
  { progress }: Context,
) {
  if (used > 0 || classes.length < 2) return;
  const asked = superResolution ? "as the model that it enlarges has them" : "to ask for one when sampling";
  progress.note(
    `The images have ${classes.length} classes, and the model uses none: --set model.classes=${classes.length} ${asked}.`,
  );
}

/**
 * The EMA weights of a run, or of one of its checkpoints.
 *
 * @throws UserError when they are those of another model
 */
async function initialWeights(path: string, config: Config, context: Context) {
  const onNotice = (message: string) => context.progress.note(message);
  const found = await openRun(path, { hub: hubOptions(context), onNotice });
  const lines = differences(modelSettings(found.config), modelSettings(config));
  if (lines.length > 0) {
    throw new UserError(
      "mismatch",
      `--init ${path}: expected weights of this model, but they were trained with other settings:\n${lines.join("\n")}\n` +
        "Give these settings with --set, or leave --init out.",
    );
  }
  return found.parameters;
}

/** The settings that decide which parameters a model has. */
function modelSettings(config: Config): Record<string, unknown> {
  const decisive = /^(model\.|objective\.(output|mixtures)$)/;
  return Object.fromEntries(Object.entries(bindingSettings(config)).filter(([path]) => decisive.test(path)));
}
