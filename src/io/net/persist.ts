/** @file Trying again: servers and connections fail for a moment more often than for good. */
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../../errors.js";
import { ELSEWHERE, PassingFailure } from "./http-get.js";

/** How long to wait for a server. */
export interface Patience {
  /** Time without a byte after which a connection counts as dead. */
  idleMs: number;
  /** Pause after the first failure; doubled after each further one. */
  pauseMs: number;
}

export const PATIENCE: Patience = { idleMs: 30_000, pauseMs: 1000 };

/** Attempts in a row that bring less than this many bytes further. */
const ATTEMPTS = 6;
const FURTHER = 2 ** 20;

export interface PersistOptions {
  /** What is asked for, for messages. */
  url: URL;
  /** Told that an attempt failed and another follows, as a sentence. */
  onNotice?: (message: string) => void;
  signal?: AbortSignal;
  patience?: Patience;
  /** Bytes there are so far: an attempt that brought some further counts as none that failed. Default: none are kept. */
  arrived?: () => number;
}

/**
 * Calls `attempt` until it fails no more, or fails otherwise than with a `PassingFailure`, with growing pauses, or those that the
 * server asks for.
 *
 * @throws UserError after six failures in a row; what `attempt` throws otherwise; the signal's reason when it aborts
 */
export async function persist<T>(attempt: () => Promise<T>, options: PersistOptions): Promise<T> {
  const { url, signal, onNotice = () => {}, patience = PATIENCE, arrived } = options;
  let failures = 0;
  let mark = arrived?.() ?? 0;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof PassingFailure)) throw error;
      const bytes = arrived?.() ?? 0;
      if (bytes >= mark + FURTHER) [failures, mark] = [0, bytes];
      const pause = Math.max(patience.pauseMs * 2 ** failures++, error.waitMs);
      if (failures === ATTEMPTS) {
        const kept = arrived ? "Try again later: what has arrived is kept." : "Try again later.";
        throw new UserError(
          "network",
          `Expected ${url.href}, but ${failures} attempts in a row failed, the last one so: ${error.message}. ${kept}`,
          { advice: ELSEWHERE },
        );
      }
      onNotice(`${url.host}: ${error.message}; trying again in ${Math.ceil(pause / 1000)} s.`);
      await sleep(pause, undefined, { signal }).catch(() => signal?.throwIfAborted());
    }
  }
}
