/** @file `strata push`: a run for others, with its card, to a hub or into a folder. */
import { Option } from "commander";
import { UserError } from "../../errors.js";
import { makeTemporaryFolder } from "../../io/files/temporary-folder.js";
import { parseHubPlace } from "../../io/hub/address.js";
import { pushToHub } from "../../io/hub/upload.js";
import { formatCount } from "../../number-format.js";
import {
  filesOf,
  isOwnFile,
  type SharedFormat,
  sharedFormats,
  writeSharedFolder,
} from "../../sharing/shared-folder.js";
import { expectEmpty } from "../../training/run/save-model.js";
import { programName, shellWord } from "../advice.js";
import { addCardOptions, type CardWords, cardOptions } from "../options/card-options.js";
import { type Context, createCommand, withContext } from "../options/command.js";
import { fetchNamedRun, hubOptions } from "../options/hub.js";
import { checkFolderPlace } from "../options/output-place.js";
import { checkpointName, type WeightsOptions } from "../options/sampling-options.js";

interface Options extends CardWords, Pick<WeightsOptions, "checkpoint"> {
  with?: SharedFormat[];
  public?: boolean;
  keepCard?: boolean;
  dryRun?: boolean;
  out?: string;
}

export const pushCommand = addCardOptions(
  createCommand(
    "push <run> <place>",
    "share a model on a hub: weights, configuration, log, pictures, card",
    "strata push runs/emoji hf:me/emoji --license mit",
  ),
)
  .option("--checkpoint <which>", "checkpoint to share: last, best, or a step", checkpointName)
  .addOption(new Option("--with <format...>", "formats for other programs beside it").choices(sharedFormats))
  .option("--public", "make a new repository public (default: private)")
  .option("--keep-card", "leave the card that the repository has")
  .option("--dry-run", "write the folder that would be sent, and send nothing")
  .option("--out <folder>", "where --dry-run writes (default: NAME-shared)")
  .action(withContext(runPush));

async function runPush(context: Context, options: Options, run: string, place: string): Promise<void> {
  const { progress } = context;
  const card = { ...cardOptions(options), place };
  const name = parseHubPlace(place).name.split("/")[1];
  const { checkpoint, out = `${name}-shared`, dryRun } = options;
  if (options.out !== undefined && !dryRun) {
    throw new UserError("invalid-options", `--out ${out}: expected with --dry-run alone, which writes there.`);
  }
  const write = (folder: string) => {
    progress.update(`writing what is shared of ${run} …`);
    const onNotice = (message: string) => progress.note(message);
    return writeSharedFolder(run, folder, { ...card, formats: options.with, checkpoint, onNotice });
  };
  await fetchNamedRun(run, context);
  if (dryRun) {
    checkFolderPlace(out);
    expectEmpty(out);
    const { step } = await write(out);
    const files = await filesOf(out);
    return context.result(
      { run, place, out, step, files },
      `What would be sent to ${place}, ${files.length} files: ${out}`,
    );
  }
  using folder = makeTemporaryFolder("strata-push-");
  const { step } = await write(folder.path);
  const files = (await filesOf(folder.path)).filter((path) => !(options.keepCard && path === "README.md"));
  const title = `Step ${formatCount(step)} of ${card.title ?? name}`;
  const visibility = options.public ? "public" : "private";
  const upload = { folder: folder.path, files, replaces: isOwnFile, title, visibility } as const;
  const { url, commitUrl, removed } = await pushToHub(place, upload, hubOptions(context));
  const gone = removed.length > 0 ? `; ${removed.length} of an earlier step removed` : "";
  context.result(
    { run, place, step, url, commit: commitUrl, files, removed },
    `Sent ${formatCount(files.length)} files of step ${formatCount(step)}${gone}: ${commitUrl}\n` +
      `Samples, wherever Strata is: ${programName()} sample --run ${shellWord(place)} --count 64 --out samples.png`,
  );
}
