/** @file Checkpoints of a second stage: small ones, of which the last two are kept, that belong to their settings and images. */
import { UserError } from "../../errors.js";
import { type Part, readNewest, retainCheckpoints, saveCheckpoint, type Tensors } from "./checkpoint.js";
import { type DataIdentity, differences, type Manifest } from "./manifest.js";
import { NOTHING_GATHERED } from "./meter.js";
import { runPaths } from "./run-folder.js";
import type { StagePosition } from "./stage-log.js";

/** What a checkpoint belongs to. */
export interface StageIdentity {
  /** All that the stage follows from besides its images. */
  settings: Record<string, unknown>;
  data: DataIdentity;
}

/** What a manifest says of a second stage. */
export const stageContent = ({ step, images }: StagePosition, { settings, data }: StageIdentity) => ({
  ...{ step, images, updates: step, skips: 0, consecutiveSkips: 0, meter: NOTHING_GATHERED },
  ...{ trainImages: data.count, trainDigest: data.digest, settings },
});

/** Saves a checkpoint, of which the last two are kept. @returns its folder */
export async function saveStage(
  folder: string,
  position: StagePosition,
  identity: StageIdentity,
  parts: Partial<Record<Part, () => Promise<Tensors>>>,
): Promise<string> {
  const { checkpoints } = runPaths(folder);
  const saved = await saveCheckpoint(checkpoints, stageContent(position, identity), parts);
  await retainCheckpoints(checkpoints, { current: position.step, recent: 2, every: 0 });
  return saved;
}

/**
 * The newest undamaged checkpoint, to resume from; undefined where there is none.
 *
 * @param what - the stage, for the message: "refinement"
 * @throws UserError when it was made with other settings or on other images
 */
export async function readStage(
  folder: string,
  what: string,
  { settings, data }: StageIdentity,
  onNotice: (message: string) => void,
): Promise<
  { folder: string; manifest: Manifest; parts: Record<"parameters" | "ema" | "optimizer", Tensors> } | undefined
> {
  const found = await readNewest(runPaths(folder).checkpoints, ["parameters", "ema", "optimizer"], onNotice);
  if (!found) return undefined;
  const lines = differences(found.manifest.settings, settings);
  if (lines.length === 0 && found.manifest.trainDigest === data.digest) return found;
  const other = lines.length > 0 ? `with other settings:\n${lines.join("\n")}\n` : "on other images. ";
  throw new UserError(
    "mismatch",
    `Expected a checkpoint of this ${what}, but ${found.folder} was made ${other}` +
      `Resume with the same, or train another ${what} in another folder.`,
  );
}
