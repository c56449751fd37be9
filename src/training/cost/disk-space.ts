/** @file Room on the disk for the checkpoints of a run. */
import type { Config } from "../../config/index.js";
import { leaves, type Spec } from "../../engine/index.js";
import { freeBytes } from "../../io/files/write-error.js";
import { formatBytes } from "../../number-format.js";
import { stateSpecs, type TrainingState } from "../trainer.js";

/** Bytes of one checkpoint, to within its headers and manifest. */
export function checkpointBytes(config: Config): number {
  const { moments, ...rest } = stateSpecs(config);
  const elements = (tree: Partial<TrainingState<Spec>>) => leaves(tree).reduce((sum, { size }) => sum + size, 0);
  const momentBytes = config.optimizer.stateType === "bfloat16" ? 2 : 4;
  return 4 * elements(rest) + momentBytes * elements({ moments });
}

/**
 * What to tell before training when the disk has less room than the checkpoints will take; undefined when there is enough.
 *
 * @param there - how many of those that will be kept are there already
 * @param free - bytes that can still be written; undefined: not known
 */
export function roomNotice(config: Config, out: string, there = 0, free = freeBytes(out)): string | undefined {
  const each = checkpointBytes(config);
  const kept = config.training.keepCheckpoints + 2; // the best, and the one being written before an old one goes
  const needed = Math.max(1, kept - there) * each;
  if (free === undefined || free >= needed) return undefined;
  return (
    `The disk of ${out} has ${formatBytes(free)} left, but the checkpoints to come take ${formatBytes(needed)} (${formatBytes(each)} each). ` +
    "Training stops when it is full: make room, or lower training.keepCheckpoints."
  );
}
