/** @file What a refinement tells of itself to somebody who looks at its folder. */
import { existsSync } from "node:fs";
import { listCheckpoints } from "../training/run/checkpoint.js";
import { runPaths } from "../training/run/run-folder.js";
import { readRefinementConfig } from "./refinement-config.js";

export interface RefinementStatus {
  folder: string;
  /** How many of the model's groups it draws. */
  groups: number;
  /** Batches it was trained on, as far as is saved. */
  step: number;
}

/**
 * Looks at a refinement; undefined where none is.
 *
 * @throws UserError when its description is damaged
 */
export async function readRefinementStatus(folder: string): Promise<RefinementStatus | undefined> {
  const { config, checkpoints } = runPaths(folder);
  if (!existsSync(config)) return undefined;
  const { groups } = await readRefinementConfig(folder);
  return { folder, groups, step: (await listCheckpoints(checkpoints)).at(-1) ?? 0 };
}
