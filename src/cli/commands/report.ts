/** @file `strata report`: the page of a run, made again from its folder. */
import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { UserError } from "../../errors.js";
import { formatCount } from "../../number-format.js";
import { refinementFolder } from "../../refinement/refinement-config.js";
import { readRefinementStatus } from "../../refinement/refinement-status.js";
import { locateRun } from "../../training/run/open-run.js";
import { readRunConfig } from "../../training/run/run-folder.js";
import { type Context, createCommand, createRuntime, withContext } from "../options/command.js";
import { fetchNamedRun } from "../options/hub.js";
import { checkFolderPlace, makeFolder } from "../options/output-place.js";
import { runName, runSource } from "../options/run-source.js";
import { addTrackerOptions, mlflowOptions, type TrackerOptions } from "../options/trackers.js";
import { commandsToTry } from "../output/next-commands.js";

interface Options extends TrackerOptions {
  out?: string;
}

/** What `report` makes instead of the page. */
const CURVES = {
  tensorboard: "write event files for TensorBoard from the run's log instead, into RUN/tensorboard",
  mlflow: "send the curves of the run's log to an MLflow server instead",
};

export const reportCommand = addTrackerOptions(
  createCommand(
    "report <run>",
    "rewrite the report of a run: curves, samples at several temperatures, pictures as they form",
    "strata report runs/emoji",
  ),
  CURVES,
)
  .option(
    "--out <file.html>",
    "page to write, or with --tensorboard the folder (default: RUN/report.html; for pretrained:NAME and hf:OWNER/NAME, NAME-report.html here)",
  )
  .action(withContext(runReport));

async function runReport(context: Context, options: Options, run: string): Promise<void> {
  const { progress, seed, signal } = context;
  await fetchNamedRun(run, context);
  const folder = locateRun(run);
  if (options.tensorboard || options.mlflow !== undefined) return curvesOf(context, options, run);
  const config = await readRunConfig(folder); // refused before anything is made
  const out = options.out ?? (folder === run ? undefined : `${runName(run)}-report.html`);
  if (out !== undefined) checkOut(out);
  const refinement = await readRefinementStatus(refinementFolder(folder)).catch(() => undefined); // the report says what is wrong
  const refined = refinement !== undefined && refinement.step > 0;
  const nextCommands = commandsToTry({ run, config, ...runSource(folder), refined });
  await using runtime = await createRuntime(context);
  const { writeRunReport } = await import("../../report/run-report.js"); // charts take a moment to load
  const report = await writeRunReport(run, {
    out,
    nextCommands,
    seed,
    runtime,
    signal,
    onNotice: (message) => progress.note(message),
    onProgress: (doing) => progress.update(`${doing} …`),
  });
  context.result({ run, report }, `The report of ${run}: ${report}`);
}

/** The curves of a run's log, for those who look at many runs side by side. */
async function curvesOf(context: Context, { out, tensorboard, mlflow }: Options, run: string): Promise<void> {
  if (out !== undefined && !tensorboard) {
    throw new UserError("invalid-options", `--out ${out}: expected without --mlflow, which writes nothing here.`);
  }
  const own = locateRun(run) === run ? join(run, "tensorboard") : `${runName(run)}-tensorboard`;
  const folder = out ?? own;
  const lines: string[] = [];
  const json: Record<string, unknown> = { run };
  if (tensorboard) {
    checkFolderPlace(folder);
    const { writeTensorBoard } = await import("../../report/tensorboard.js");
    const written = await writeTensorBoard(run, folder);
    json.tensorboard = { folder, ...written };
    lines.push(
      `${formatCount(written.steps)} points and ${formatCount(written.pictures)} pictures for TensorBoard: ${folder}`,
    );
  }
  if (mlflow !== undefined) {
    const { sendToMlflow } = await import("../../sharing/mlflow.js");
    const name = locateRun(run) === run ? run : runName(run);
    const sent = await sendToMlflow(run, { ...mlflowOptions(mlflow, name, context), signal: context.signal });
    json.mlflow = sent;
    lines.push(`${formatCount(sent.steps)} points for MLflow: ${sent.page}`);
  }
  context.result(json, lines.join("\n"));
}

/** @throws UserError when a page cannot go there */
function checkOut(out: string): void {
  if (/[/\\]$/.test(out) || (existsSync(out) && statSync(out).isDirectory())) {
    throw new UserError(
      "invalid-options",
      `--out ${out}: expected a file to write the page to, got a folder. Try ${join(out, "report.html")}.`,
    );
  }
  makeFolder(dirname(out));
}
