/** @file Waiting for something that another process does. */
import { setTimeout as sleep } from "node:timers/promises";

/**
 * Returns once `holds` does.
 *
 * @throws Error when it does not within a minute
 */
export async function until(holds: () => boolean, everyMs = 2): Promise<void> {
  const beganMs = performance.now();
  while (!holds()) {
    if (performance.now() - beganMs > 60_000) throw new Error(`Still not so after a minute: ${holds}`);
    await sleep(everyMs);
  }
}
