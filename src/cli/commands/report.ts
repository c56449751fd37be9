/** @file `strata report`: the page of a run, made again from its folder. */
import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { UserError } from "../../errors.js";
import { locateRun } from "../../training/run/open-run.js";
import { readRunConfig } from "../../training/run/run-folder.js";
import { type Context, createCommand, createRuntime, withContext } from "../options/command.js";
import { fetchNamedRun } from "../options/hub.js";
import { makeFolder } from "../options/output-place.js";
import { runName, runSource } from "../options/run-source.js";
import { commandsToTry } from "../output/next-commands.js";

interface Options {
  out?: string;
}

export const reportCommand = createCommand(
  "report <run>",
  "rewrite the report of a run: curves, samples at several temperatures, pictures as they form",
  "strata report runs/emoji",
)
  .option(
    "--out <file.html>",
    "page to write (default: RUN/report.html; for pretrained:NAME and hf:OWNER/NAME, NAME-report.html here)",
  )
  .action(withContext(runReport));

async function runReport(context: Context, options: Options, run: string): Promise<void> {
  const { progress, seed, signal } = context;
  await fetchNamedRun(run, context);
  const folder = locateRun(run);
  const config = await readRunConfig(folder); // refused before anything is made
  const out = options.out ?? (folder === run ? undefined : `${runName(run)}-report.html`);
  if (out !== undefined) checkOut(out);
  const nextCommands = commandsToTry({ run, config, ...runSource(folder) });
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
