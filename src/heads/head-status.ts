/** @file What the heads of a run tell of themselves to somebody who looks at its folder. */
import { existsSync } from "node:fs";
import { listCheckpoints } from "../training/run/checkpoint.js";
import { runPaths } from "../training/run/run-folder.js";
import { headFolder } from "./head-config.js";
import { type HeadName, headNames } from "./heads.js";

export interface HeadStatus {
  head: HeadName;
  folder: string;
  /** Batches it was trained on, as far as is saved. */
  step: number;
}

/** Looks for the heads of a run. */
export async function readHeadStatuses(run: string): Promise<HeadStatus[]> {
  const there = headNames
    .map((head) => ({ head, folder: headFolder(run, head) }))
    .filter(({ folder }) => existsSync(runPaths(folder).config));
  return Promise.all(
    there.map(async ({ head, folder }) => ({
      ...{ head, folder },
      step: (await listCheckpoints(runPaths(folder).checkpoints)).at(-1) ?? 0,
    })),
  );
}
