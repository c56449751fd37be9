/** @file When a run ends, and when it shows pictures on the way. */

export interface Limits {
  /** Batches of the whole run, including those before it was resumed. */
  steps?: number;
  /** Images of the whole run; a batch begun is finished. */
  images?: number;
  /** Minutes from now on. */
  minutes?: number;
}

/**
 * The step at which a run ends: the smallest of the limits given, else the configuration's steps. With a limit of time
 * alone, the configuration's steps still end the run, since its learning rates were made for them.
 */
export function lastStep(limits: Limits, { steps, batchSize }: { steps: number; batchSize: number }): number {
  const { steps: asked = Number.POSITIVE_INFINITY, images = Number.POSITIVE_INFINITY } = limits;
  const limit = Math.min(asked, Math.ceil(images / batchSize));
  return Number.isFinite(limit) ? limit : steps;
}

/** How much of the work is done, and how long the rest takes at the rate so far. */
export function workLeft(done: {
  step: number;
  startStep: number;
  lastStep: number;
  /** Seconds since the call, and the limit on them. */
  elapsed: number;
  secondsLimit?: number;
}): { share: number; secondsLeft: number } {
  const { step, startStep, lastStep, elapsed, secondsLimit = Number.POSITIVE_INFINITY } = done;
  const steps = step - startStep;
  const byRate = steps > 0 ? (elapsed / steps) * (lastStep - step) : Number.POSITIVE_INFINITY;
  const secondsLeft = Math.max(0, Math.min(byRate, secondsLimit - elapsed));
  const share = Math.max(lastStep > 0 ? step / lastStep : 1, elapsed / secondsLimit);
  return { share: Math.min(1, share), secondsLeft };
}

/** First step that shows pictures. */
const FIRST_PICTURES = 50;

/** Whether a step shows pictures: 50, 100, 200, 400, … up to `every`, then every multiple of it. */
export function showsPictures(step: number, every: number): boolean {
  if (step > 0 && step % every === 0) return true;
  return step < every && step >= FIRST_PICTURES && Number.isInteger(Math.log2(step / FIRST_PICTURES));
}
