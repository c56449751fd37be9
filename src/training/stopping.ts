/** @file Stopping when asked to: an aborted signal between pieces of work, within them, and during one that takes long. */
import { setImmediate } from "node:timers/promises";

/** How long a micro-batch may go on after the signal before the user is told. */
const PATIENCE_MS = 10_000;

/** Lets signals in, which arrive between two pieces of synchronous work alone; throws the reason when one has. */
export async function pause(signal?: AbortSignal): Promise<void> {
  await setImmediate();
  signal?.throwIfAborted();
}

/** The result, or undefined when the signal aborted the work; other failures remain failures. */
export async function unlessAborted<T>(work: Promise<T>, signal?: AbortSignal): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (signal?.aborted && error === signal.reason) return undefined;
    throw error;
  }
}

/**
 * Tells when patience ends, some seconds after the signal.
 *
 * @param ended - aborted when there is nothing to wait for any more
 */
export function afterPatience(
  signal: AbortSignal | undefined,
  ended: AbortSignal,
  onPatienceEnd: () => void,
  patienceMs = PATIENCE_MS,
): void {
  const begin = () => {
    const timer = setTimeout(onPatienceEnd, patienceMs);
    ended.addEventListener("abort", () => clearTimeout(timer));
  };
  signal?.addEventListener("abort", begin, { once: true, signal: ended });
}
