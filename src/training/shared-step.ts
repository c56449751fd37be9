/**
 * @file A step by several ranks: each has the gradients of its own micro-batches, and all get the mean.
 *
 * Rank 0 asks the others for step after step, and they for nothing: what else is to be done, and when it is over, it alone decides.
 */
import type { DeviceArray, Runtime } from "../engine/index.js";
import { UserError } from "../errors.js";
import { nameOfRank, type Ranks } from "../ranks/ranks.js";
import type { BatchMetrics } from "./gradients.js";
import { type Accumulated, elements, free } from "./step-end.js";

/** What rank 0 asks of the others. */
export type Order = "step" | "end";

/** What a rank says after its part of a step. */
interface Part {
  /** Of its micro-batches, in order; undefined when it has given up. */
  metrics: BatchMetrics<Float32Array>[] | undefined;
  /** Why it has given up: somebody has asked it to stop, or it has failed. */
  stopped?: string;
  failed?: string;
}

/** Adds up what the ranks have accumulated. */
export type Reduction = (accumulate: () => Promise<Accumulated>) => Promise<Accumulated>;

/**
 * The reduction of some ranks; of one, nothing.
 *
 * @param onStopped - called on rank 0, before the step is given up, with why another rank did that: an `AbortError` when that was
 *   asked to stop, a UserError when it failed
 */
export function reductionOf(ranks: Ranks, runtime: Runtime, onStopped: (reason: Error) => void): Reduction {
  if (ranks.size === 1) return (accumulate) => accumulate();
  return async (accumulate) => {
    if (ranks.rank === 0) await ranks.broadcast<Order>("step");
    const own = await onHost(accumulate).catch((error: unknown) => ({ error }));
    const parts = await ranks.gather(partOf(own));
    if ("error" in own) throw own.error;
    const { accumulated, gradients } = own;
    const other = parts.findIndex(({ metrics }) => metrics === undefined);
    if (other >= 0) {
      free(accumulated.spectralVectors);
      const reason = reasonOf(parts[other], nameOfRank(ranks, other));
      onStopped(reason);
      throw reason;
    }
    const total = await ranks.sum(gradients);
    return {
      ...accumulated,
      gradients: total.map((data, index) => runtime.transfer(data, accumulated.gradients[index].spec)),
      metrics: parts.flatMap((part) => part.metrics!),
    };
  };
}

/** What a rank has accumulated, where it can be given to the others. */
interface OnHost {
  accumulated: Accumulated;
  metrics: BatchMetrics<Float32Array>[];
  /** Taken from the device: those of `accumulated` are no more. */
  gradients: Float32Array<ArrayBuffer>[];
}

/**
 * Whatever of a step can fail on one rank alone: done before the ranks meet, so that one that fails tells the others and leaves
 * none waiting. Nothing is copied where arrays are ordinary memory.
 */
async function onHost(accumulate: () => Promise<Accumulated>): Promise<OnHost> {
  const accumulated = await accumulate();
  const metrics = await Promise.all(accumulated.metrics.map(read));
  const gradients = await Promise.all(
    accumulated.gradients.map((array) => array.take() as Promise<Float32Array<ArrayBuffer>>),
  );
  return { accumulated, metrics, gradients };
}

function partOf(own: OnHost | { error: unknown }): Part {
  if (!("error" in own)) return { metrics: own.metrics };
  const { error } = own;
  const message = error instanceof Error ? error.message : String(error);
  const stopped = error instanceof Error && error.name === "AbortError";
  return { metrics: undefined, ...(stopped ? { stopped: message } : { failed: message }) };
}

async function read(metrics: BatchMetrics<DeviceArray | Float32Array>): Promise<BatchMetrics<Float32Array>> {
  const found = Object.entries(metrics).map(async ([name, array]) => [name, await elements(array)] as const);
  return Object.fromEntries(await Promise.all(found)) as unknown as BatchMetrics<Float32Array>;
}

function reasonOf({ stopped, failed }: Part, name: string): Error {
  if (stopped !== undefined) return new DOMException(`${name} was asked to stop: ${stopped}`, "AbortError");
  return new UserError("environment", `Expected all ranks to train, but ${name} has failed: ${failed}`);
}
