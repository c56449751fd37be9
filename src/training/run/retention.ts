/** @file Which checkpoints are kept. */

/** What is kept of the checkpoints up to `current`. */
export interface Retention {
  /** Step of the checkpoint just saved. */
  current: number;
  /** How many of the newest. */
  recent: number;
  /** Batches between those kept for good: the first from every multiple of it on; 0: none. */
  every: number;
  /** Step of the best on held-out images. */
  best?: number;
}

/**
 * The steps whose checkpoints can go. Those after `current` stay: they were damaged when the run resumed from an earlier one,
 * and are replaced when it comes there.
 *
 * @param steps - of all checkpoints, ascending
 */
export function surplusSteps(steps: readonly number[], { current, recent, every, best }: Retention): number[] {
  const past = steps.filter((step) => step <= current);
  const period = (step: number) => Math.floor(step / every);
  // The first of a period stays the first of it: what was kept for good once is kept ever after.
  const permanent = (index: number) =>
    every > 0 && period(past[index]) > 0 && (index === 0 || period(past[index - 1]) < period(past[index]));
  return past.filter((step, index) => index < past.length - recent && step !== best && !permanent(index));
}
