/** @file `strata head`: trains a second model of the pixels on a finished run, in place of its output layer. */
import { Option } from "commander";
import { UserError } from "../../errors.js";
import { headFolder } from "../../heads/head-config.js";
import { type HeadName, headNames } from "../../heads/heads.js";
import { trainHead } from "../../heads/train-head.js";
import { formatCount, formatFixed } from "../../number-format.js";
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
import { showHead } from "../output/head-display.js";

interface Options extends WeightsOptions, Partial<ImageOptions> {
  kind: HeadName;
  out?: string;
  steps?: number;
  minutes?: number;
  resume?: boolean;
}

export const headCommand = addDataOptions(
  addWeightsOptions(
    createCommand(
      "head <run>",
      "train a second model of the pixels on a finished run, for its likelihood: evaluate --metrics nll",
      "strata head runs/emoji --kind autoregressive --minutes 10",
    ),
  ),
  { description: "images that the run was trained on (default: those that its log names)" },
)
  .addOption(
    new Option("--kind <head>", "independent: pixels apart; autoregressive: each pixel given those before it")
      .choices(headNames)
      .default("independent"),
  )
  .option("--steps <n>", "stop after this many batches in total (default: 3000)", wholeNumber(1))
  .option("--minutes <m>", "stop after this many minutes, from now", minutes)
  .option("--resume", "resume from its last checkpoint")
  .option("--out <folder>", "where to keep it (default: RUN/heads/KIND, where evaluate and sample look for it)")
  .action(withContext(runHead));

async function runHead(context: Context, options: Options, run: string): Promise<void> {
  const { progress, seed, signal } = context;
  const { kind } = options;
  await fetchNamedRun(run, context);
  const { folder } = located(run);
  const out = options.out ?? (folder === run ? headFolder(folder, kind) : undefined);
  if (out === undefined) {
    throw new UserError("invalid-options", `${run} is not yours to write to: expected --out FOLDER for its head.`);
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
  const result = await trainHead(model, {
    ...{ head: kind, images, out, seed, resume: options.resume, runtime, signal },
    limit: { steps: options.steps, minutes: options.minutes },
    onEvent: showHead(progress),
  });
  const { step, loss, interrupted, checkpoint } = result;
  const words = (place: string) => (options.out === undefined ? "" : ` ${place} ${shellWord(out)}`);
  const next = interrupted
    ? `Resume: ${programName()} head ${shellWord(run)} --kind ${kind} --resume${words("--out")}`
    : `Its bound, beside the run's own: ${programName()} evaluate --run ${shellWord(run)} --data ${shellWord(source)} --metrics nll${words("--with-head")} --out evaluation`;
  context.result(
    { head: kind, out, device: runtime.device, ...result },
    `${interrupted ? "Interrupted after" : "Trained"} ${formatCount(step)} steps, code of training images ${formatFixed(loss, 3)} bits/dim. Saved in ${checkpoint}.\n${next}`,
  );
}
