/** @file What a checkpoint tells of the training beside its weights: the optimizer's moments, and how far it had come. */
import type { Config } from "../config/index.js";
import { isTensor } from "../io/torch/torch-file.js";
import type { Counters } from "../training/run/counters.js";
import { type Contents, contentsOf, type LeafList } from "./contents.js";

/** Adamax's two moments of every parameter, as lists in the order of the parameters. */
export interface ListedMoments {
  /** Keys that lead to the optimizer's state. */
  keys: string[];
  firstMoment: LeafList;
  infinityNorm: LeafList;
}

/** The moments of an Adamax that has made a step; of another optimizer there are none that could be used. */
export function listedMoments({ optimizers }: Contents): ListedMoments | undefined {
  const isAdamax = (one: unknown): one is ReadonlyMap<string, unknown> =>
    one instanceof Map && isTensor(one.get("exp_avg")) && isTensor(one.get("exp_inf"));
  for (const { keys, states } of optimizers) {
    if (states.length === 0 || !states.every(isAdamax)) continue;
    const list = (name: string) =>
      contentsOf(
        states.map((state) => state.get(name)),
        name,
      ).lists[0];
    return { keys, firstMoment: list("exp_avg"), infinityNorm: list("exp_inf") };
  }
  return undefined;
}

/** Names of the number of updates, the authors' first. */
const UPDATES = ["iterations", "global_step", "step", "steps", "iteration", "iter", "num_updates"];

/**
 * How far a training had come. The authors' iterations are updates; a batch that was skipped is none.
 *
 * @returns undefined where the file does not tell
 */
export function countersIn({ numbers }: Contents, { training }: Config): Counters | undefined {
  const count = (name: string): number => {
    const number = numbers.get(name) ?? 0;
    return Number.isSafeInteger(number) && number >= 0 ? number : 0;
  };
  const name = UPDATES.find((each) => numbers.has(each));
  if (name === undefined) return undefined;
  const [updates, skips] = [count(name), count("skips")];
  const step = updates + skips;
  return { step, images: step * training.batchSize, updates, skips, consecutiveSkips: 0 };
}
