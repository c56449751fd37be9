/** @file Working through many images with a program made for a fixed number of them. */

/** Some of the images, as many as one run of the program takes. */
export interface Portion {
  /** Indices of the images of one run of the program, always `batch` many; the last one repeated where they run out. */
  indices: number[];
  /** Index of the first, and how many of them count. */
  first: number;
  used: number;
}

/** Who watches the work, and can end it. */
interface PortionOptions {
  /** Looked at before each portion. */
  signal?: AbortSignal;
  /** Called when a portion is done, which is when the next one is asked for: images done, of all. */
  onProgress?: (done: number, count: number) => void;
}

/**
 * The portions of `count` images, `batch` at a time.
 *
 * @throws RangeError for no image at a time; the signal's reason when aborted
 */
export function* portions(
  count: number,
  batch: number,
  { signal, onProgress }: PortionOptions = {},
): Generator<Portion, void> {
  if (count > 0 && batch < 1) throw new RangeError(`Expected at least one image at a time, got ${batch}.`);
  for (let first = 0; first < count; first += batch) {
    signal?.throwIfAborted();
    const used = Math.min(batch, count - first);
    yield { indices: Array.from({ length: batch }, (_, row) => Math.min(first + row, count - 1)), first, used };
    onProgress?.(first + used, count);
  }
}

/** Rows of an array [count, size] by index, in the order asked for. */
export function rows<Data extends Float32Array | Int32Array | Uint8Array>(
  data: Data,
  indices: readonly number[],
  size: number,
): Data {
  const taken = new (data.constructor as new (length: number) => Data)(indices.length * size);
  indices.forEach((index, row) => {
    taken.set(data.subarray(index * size, (index + 1) * size), row * size);
  });
  return taken;
}
