/** @file `strata refine`: trains a flow that draws a run's first latent groups better than its own prior does. */
import { UserError } from "../../errors.js";
import { formatCount, formatFixed } from "../../number-format.js";
import { refine } from "../../refinement/refine.js";
import { refinementFolder } from "../../refinement/refinement-config.js";
import { located } from "../../training/run/open-run.js";
import { expectNoRun } from "../../training/run/starting-point.js";
import { programName, shellWord } from "../advice.js";
import { minutes, wholeNumber } from "../options/arguments.js";
import { type Context, createCommand, createRuntime, withContext } from "../options/command.js";
import { fetchNamedRun } from "../options/hub.js";
import { addDataOptions, type ImageOptions, openImages } from "../options/images.js";
import { checkFolderPlace } from "../options/output-place.js";
import { runSource } from "../options/run-source.js";
import { addWeightsOptions, openModel, type WeightsOptions } from "../options/sampling-options.js";
import { showRefinement } from "../output/refinement-display.js";

interface Options extends WeightsOptions, Partial<ImageOptions> {
  out?: string;
  groups?: number;
  steps?: number;
  minutes?: number;
  resume?: boolean;
}

export const refineCommand = addDataOptions(
  addWeightsOptions(
    createCommand(
      "refine <run>",
      "train a second stage on a finished run, for samples whose parts fit together better: sample --refined",
      "strata refine runs/emoji --minutes 10",
    ),
  ),
  { description: "images that the run was trained on (default: those that its log names)" },
)
  .option("--groups <k>", "the first K latent groups, which it will draw (default: all up to 8×8)", wholeNumber(1))
  .option("--steps <n>", "stop after this many batches in total (default: 3000)", wholeNumber(1))
  .option("--minutes <m>", "stop after this many minutes, from now", minutes)
  .option("--resume", "resume from its last checkpoint")
  .option("--out <folder>", "where to keep it (default: RUN/refinement, where sample --refined looks for it)")
  .action(withContext(runRefine));

async function runRefine(context: Context, options: Options, run: string): Promise<void> {
  const { progress, seed, signal } = context;
  await fetchNamedRun(run, context);
  const { folder } = located(run);
  const out = options.out ?? (folder === run ? refinementFolder(folder) : undefined);
  if (out === undefined) {
    throw new UserError(
      "invalid-options",
      `${run} is not yours to write to: expected --out FOLDER for its refinement.`,
    );
  }
  checkFolderPlace(out);
  const model = await openModel({ ...options, run }, context);
  if (!options.resume) await expectNoRun(out); // before minutes of packing
  const { data: source = runSource(folder).source } = options;
  if (source === undefined) {
    throw new UserError("invalid-options", "Expected --data SOURCE, the images that the run was trained on.");
  }
  const { train: images } = await openImages({ ...options, data: source }, model.config.model, context);
  await using runtime = await createRuntime(context);
  const result = await refine(model, {
    ...{ images, out, groups: options.groups, seed, resume: options.resume, runtime, signal },
    limit: { steps: options.steps, minutes: options.minutes },
    onEvent: showRefinement({ model, out, runtime, signal }, progress),
  });
  const { step, loss, interrupted, checkpoint } = result;
  const place = options.out === undefined ? "" : ` ${shellWord(out)}`;
  const next = interrupted
    ? `Resume: ${programName()} refine ${shellWord(run)} --resume${options.out === undefined ? "" : ` --out ${shellWord(out)}`}`
    : `Samples: ${programName()} sample --run ${shellWord(run)} --refined${place}`;
  context.result(
    { out, device: runtime.device, ...result },
    `${interrupted ? "Interrupted after" : "Trained"} ${formatCount(step)} steps, loss ${formatFixed(loss, 3)}. Saved in ${checkpoint}.\n${next}`,
  );
}
