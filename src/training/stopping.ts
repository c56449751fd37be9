/**
 * @file Stopping: when an aborted signal asks for it, between pieces of work, within them, and during one that takes
 * long; and giving back what was used, also after a failure.
 */
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

/**
 * Does the work, then cleans up. Of two failures the first is thrown: what fails after it often fails because of it, as does
 * removing a lock from a file system that has become read-only.
 */
export async function thenCleanUp<T>(work: () => Promise<T>, cleanUp: () => Promise<void>): Promise<T> {
  let result: T;
  try {
    result = await work();
  } catch (error) {
    await cleanUp().catch(() => {});
    throw error;
  }
  await cleanUp();
  return result;
}
