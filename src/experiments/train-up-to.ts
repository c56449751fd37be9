/** @file A run that is trained to a step, begun or resumed as it takes. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { digestOfSet } from "../data/index.js";
import { UserError } from "../errors.js";
import { startingPoint } from "../training/run/starting-point.js";
import { type TrainOptions, train } from "../training/train.js";

/** Which run, and how far. */
export interface TrainUpToOptions extends Omit<TrainOptions, "resume" | "limit" | "initial"> {
  /** Batches that it is to have in all. */
  steps: number;
  /** Told when there is something to train: whether it was begun before. */
  onBegin?: (begun: boolean) => void;
  onNotice?: (message: string) => void;
}

/**
 * Trains a run up to a step, unless it is there already.
 *
 * @returns whether it was interrupted
 * @throws UserError when the folder holds another run, or one that is further
 */
export async function trainUpTo({
  steps,
  onBegin,
  onNotice = () => {},
  ...options
}: TrainUpToOptions): Promise<{ interrupted: boolean }> {
  const { config, data, out } = options;
  const begun = existsSync(join(out, "config.json"));
  if (begun) {
    const identity = { count: data.train.count, digest: digestOfSet(data.train) };
    const { counters } = await startingPoint(config, identity, { out, resume: true, onNotice });
    if (counters.step > steps) {
      throw new UserError(
        "mismatch",
        `Expected at most ${steps} steps in ${out}, but it has ${counters.step}. Ask for as many, or give another folder.`,
      );
    }
    if (counters.step === steps) return { interrupted: false };
  }
  onBegin?.(begun);
  return train({ ...options, resume: begun, limit: { steps } });
}
