/** @file `strata card`: the card of a model, beside its run. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { UserError } from "../../errors.js";
import { writeFileAtomic } from "../../io/files/atomic-file.js";
import { isOurCard } from "../../sharing/card-usage.js";
import { runCard } from "../../sharing/run-card.js";
import { locateRun } from "../../training/run/open-run.js";
import { addCardOptions, type CardWords, cardOptions } from "../options/card-options.js";
import { type Context, createCommand, withContext } from "../options/command.js";
import { checkFilePlace, makeFolder } from "../options/output-place.js";
import { runName } from "../options/run-source.js";
import { checkpointName, openModel, type WeightsOptions } from "../options/sampling-options.js";

interface Options extends CardWords, Pick<WeightsOptions, "checkpoint"> {
  out?: string;
}

export const cardCommand = addCardOptions(
  createCommand(
    "card <run>",
    "write the card of a model: data, licence, measures, how to use it, limits",
    "strata card runs/emoji --license mit",
  ),
)
  .option("--checkpoint <which>", "checkpoint to describe: last, best, or a step", checkpointName)
  .option("--out <file.md>", "file to write (default: RUN/README.md; for other people's runs, NAME-card.md here)")
  .action(withContext(runCardCommand));

async function runCardCommand(context: Context, options: Options, run: string): Promise<void> {
  const card = cardOptions(options);
  const model = await openModel({ run, checkpoint: options.checkpoint }, context);
  const folder = locateRun(run);
  const own = folder === run ? join(folder, "README.md") : `${runName(run)}-card.md`;
  const out = options.out ?? own;
  checkFilePlace(out);
  if (options.out === undefined) expectReplaceable(out);
  const text = await runCard(run, model, card);
  makeFolder(dirname(out));
  await writeFileAtomic(out, Buffer.from(text));
  context.result(
    { out, run, step: model.step, license: card.license },
    `The card of ${run}, step ${model.step}: ${out}`,
  );
}

/** What somebody wrote by hand is not replaced unless it is named. */
function expectReplaceable(path: string): void {
  if (!existsSync(path) || isOurCard(readFileSync(path, "utf8"))) return;
  throw new UserError(
    "already-exists",
    `Expected no ${path}, or one that strata card wrote, got another. Name it with --out to replace it, or name another file.`,
  );
}
