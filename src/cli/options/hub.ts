/** @file Places on a hub, as commands use them. */
import { extname } from "node:path";
import type { HubOptions } from "../../io/hub/access.js";
import { isHubPlace, parseHubPlace } from "../../io/hub/address.js";
import { fetchFromHub } from "../../io/hub/snapshot.js";
import { fetchRun } from "../../training/run/hub-run.js";
import { transfer } from "../output/transfer.js";
import type { Context } from "./command.js";

/** How a command asks a hub: as its options say, showing what it does. */
export function hubOptions({ offline, progress, signal }: Pick<Context, "offline" | "progress" | "signal">) {
  let describe: { total: number; status: ReturnType<typeof transfer> } | undefined;
  return {
    offline,
    signal,
    onNotice: (message) => progress.note(message),
    onProgress: (bytes, total) => {
      if (describe?.total !== total) describe = { total, status: transfer("files", total) };
      progress.update(describe.status(bytes));
    },
  } satisfies HubOptions;
}

/** Fetches the run that is named, where it lies on a hub: before anything looks at its folder. */
export const fetchNamedRun = (run: string, context: Context): Promise<void> =>
  fetchRun(run, "ema", hubOptions(context));

/** The path of a file; of one that lies on a hub, where it was fetched to. */
export async function localFile(place: string, context: Context): Promise<string> {
  if (!isHubPlace(place) || extname(parseHubPlace(place).path ?? "") === "") return place;
  return (await fetchFromHub(place, "model", () => true, hubOptions(context))).path;
}
