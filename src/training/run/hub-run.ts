/** @file Runs on a hub: what of a repository it takes to use one. */
import { UserError } from "../../errors.js";
import type { HubOptions } from "../../io/hub/access.js";
import { isHubPlace } from "../../io/hub/address.js";
import { fetchFromHub } from "../../io/hub/snapshot.js";
import { formatBytes } from "../../number-format.js";

/** What a run is used by; not what training alone needs, nor the pictures and files for other programs beside it. */
const needed = (weights: "ema" | "parameters"): RegExp =>
  new RegExp(
    `(^|/)(config\\.json|data\\.json|metrics\\.jsonl|checkpoints/step-\\d+/(manifest\\.json|${weights}\\.safetensors)|calibration/[^/]*\\.jsonl?)$`,
  );

/** Settings and logs are read whole; those of a month of training have less. */
const LARGEST_TEXT = 64 * 2 ** 20;

/**
 * Fetches a run that lies on a hub, unless it is here already; from then on `locateRun` finds it. Other runs are left alone.
 *
 * @param run - `hf:OWNER/NAME[@REVISION][:FOLDER]`, or any other
 * @throws UserError when it cannot be had, or is no run; the signal's reason when it aborts
 */
export async function fetchRun(run: string, weights: "ema" | "raw", options: HubOptions): Promise<void> {
  if (!isHubPlace(run)) return;
  const pattern = needed(weights === "raw" ? "parameters" : "ema");
  const wanted = (file: string, bytes: number) => {
    if (!pattern.test(file)) return false;
    if (file.endsWith(".safetensors") || bytes <= LARGEST_TEXT) return true;
    throw new UserError(
      "too-large",
      `Expected at most ${formatBytes(LARGEST_TEXT)} in ${file} of ${run}, got ${formatBytes(bytes)}: it is no run's.`,
    );
  };
  const { path, files } = await fetchFromHub(run, "model", wanted, options);
  const isRun = files.some((file) => file.endsWith("manifest.json"));
  if (isRun) return;
  throw new UserError(
    "wrong-model",
    `Expected a run of Strata at ${run}, got a repository without checkpoints (${path}).`,
    {
      advice: `Weights of other programs are a file of it, ${run}:FILE: import that.`,
      details: { repository: run },
    },
  );
}
