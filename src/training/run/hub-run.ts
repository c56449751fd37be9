/** @file Runs on a hub: what of a repository it takes to use one. */
import { UserError } from "../../errors.js";
import type { HubOptions } from "../../io/hub/access.js";
import { isHubPlace } from "../../io/hub/address.js";
import { fetchFromHub } from "../../io/hub/snapshot.js";

/** What a run is used by; not what training alone needs, nor the pictures and files for other programs beside it. */
const needed = (weights: "ema" | "parameters"): RegExp =>
  new RegExp(
    `(^|/)(config\\.json|data\\.json|metrics\\.jsonl|checkpoints/step-\\d+/(manifest\\.json|${weights}\\.safetensors)|calibration/[^/]*\\.jsonl?)$`,
  );

/**
 * Fetches a run that lies on a hub, unless it is here already; from then on `locateRun` finds it. Other runs are left alone.
 *
 * @param run - `hf:OWNER/NAME[@REVISION][:FOLDER]`, or any other
 * @throws UserError when it cannot be had, or is no run; the signal's reason when it aborts
 */
export async function fetchRun(run: string, weights: "ema" | "raw", options: HubOptions): Promise<void> {
  if (!isHubPlace(run)) return;
  const pattern = needed(weights === "raw" ? "parameters" : "ema");
  const { path, files } = await fetchFromHub(run, "model", (file) => pattern.test(file), options);
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
