/** @file The images that a run was trained on, as its log names them. */
import { existsSync } from "node:fs";
import { basename } from "node:path";
import { builtInNames } from "../../data/sources/source-kinds.js";
import { isHubPlace, parseHubPlace } from "../../io/hub/address.js";
import { readMetrics } from "../../training/run/metrics-log.js";
import { locateRun } from "../../training/run/open-run.js";
import { runPaths } from "../../training/run/run-folder.js";

/** What a run's log says of its images. */
export interface RunSource {
  /** As `--data` takes it; undefined where it is not known, as images from a program have a name alone. */
  source?: string;
  /** Whether some of them were held out. */
  heldOut: boolean;
}

/** A name for what is made of a run that does not lie in a folder of the user's. */
export const runName = (run: string): string =>
  isHubPlace(run) ? basename(parseHubPlace(run).name) : basename(locateRun(run));

/** What a run was trained on. */
export function runSource(folder: string): RunSource {
  const { metrics } = runPaths(folder);
  const begun = existsSync(metrics) ? readMetrics(metrics).findLast((line) => line.type === "run") : undefined;
  return {
    source: begun && isSource(begun.data) ? begun.data : undefined,
    heldOut: begun === undefined || begun.validationImages > 0,
  };
}

const isSource = (name: string): boolean => builtInNames.includes(name) || /^\w+:|[/\\]/.test(name);
