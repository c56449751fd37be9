/** @file Which image had some pixels first: a hash table in typed arrays, since a million images have a million digests. */

/** Bytes of a digest: 128 bits, of which no two are the same by chance. */
export const DIGEST_BYTES = 16;
const WORDS = DIGEST_BYTES / 4;

/** Takes some 30 bytes an image. */
export class DigestTable {
  readonly #digests: Uint32Array;
  /** The image of every slot, counted from 1; 0 where it is free. */
  readonly #images: Uint32Array;
  readonly #mask: number;
  #free: number;

  /** @param capacity - the most digests that will be added */
  constructor(capacity: number) {
    const slots = 2 ** Math.ceil(Math.log2(1.5 * capacity + 1)); // at most two thirds full
    this.#digests = new Uint32Array(WORDS * slots);
    this.#images = new Uint32Array(slots);
    this.#mask = slots - 1;
    this.#free = capacity;
  }

  /**
   * Adds the digest of an image.
   *
   * @param digest - 16 bytes, uniformly distributed
   * @returns the image that had it first; undefined for a new one
   * @throws Error when there are more than was said
   */
  add(digest: Uint8Array, image: number): number | undefined {
    const view = new DataView(digest.buffer, digest.byteOffset, DIGEST_BYTES);
    const words = Array.from({ length: WORDS }, (_, word) => view.getUint32(4 * word));
    let slot = words[0] & this.#mask;
    for (; this.#images[slot] > 0; slot = (slot + 1) & this.#mask) {
      if (words.every((word, i) => this.#digests[WORDS * slot + i] === word)) return this.#images[slot] - 1;
    }
    if (this.#free-- === 0) throw new Error("Expected no more digests than the table was made for.");
    this.#digests.set(words, WORDS * slot);
    this.#images[slot] = image + 1;
    return undefined;
  }
}
