/** @file `strata studio`: a local page to play with models and to watch runs. */
import { existsSync } from "node:fs";
import { UserError } from "../../errors.js";
import { locateRun } from "../../training/run/open-run.js";
import { wholeNumber } from "../options/arguments.js";
import { type Context, createCommand, withContext } from "../options/command.js";
import { fetchNamedRun } from "../options/hub.js";
import { startStudio } from "../options/studio.js";
import { openBrowser } from "../output/open-browser.js";

interface Options {
  port?: number;
  host?: string;
  open: boolean;
}

export const studioCommand = createCommand(
  "studio [run...]",
  "open a local page: play with models, and watch runs while they train",
  "strata studio pretrained:emoji32 runs/emoji",
)
  .option("--port <n>", "port to listen on (default: a free one)", wholeNumber(0, 65_535))
  .option("--host <address>", "address to listen on (default: 127.0.0.1, which only this machine reaches)")
  .option("--no-open", "print the address, and open no browser")
  .addHelpText(
    "after",
    "\nRUN is a run folder, a folder of runs, pretrained:NAME or hf:OWNER/NAME; default: the folder runs, and all models that ship.",
  )
  .action(withContext(runStudio, { stopping: "stopping." }));

async function runStudio(context: Context, { port, host, open }: Options, ...runs: string[]): Promise<void> {
  const { progress, signal } = context;
  for (const run of runs) await findRun(run, context);
  await using studio = await startStudio(runs, context, { host, port });
  if (host !== undefined && !["127.0.0.1", "localhost", "::1"].includes(host)) {
    progress.note(
      `${host} is reached from other machines too. What you see travels unencrypted, and whoever reads the address below first ` +
        "gets in. Safer: leave --host out, and forward the port with ssh -L.",
    );
  }
  context.result({ url: studio.url, port: studio.port }, `The studio is open: ${studio.url}\nCtrl-C closes it.`);
  if (open) openBrowser(studio.url);
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
}

/**
 * Fetches a run that lies on a hub.
 *
 * @throws UserError when there is neither a run nor a folder
 */
async function findRun(run: string, context: Context): Promise<void> {
  await fetchNamedRun(run, context);
  if (existsSync(locateRun(run))) return;
  throw new UserError("not-found", `Expected a run folder or a folder of runs at ${run}, but there is none.`);
}
