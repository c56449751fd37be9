/** @file Nats of an image, as people read them. */

/** nats / (3 · resolution² · ln 2). */
export function bitsPerDim(nats: number, resolution: number): number {
  return nats / (3 * resolution ** 2 * Math.LN2);
}
