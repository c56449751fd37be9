/** @file Working through many images with a program made for a fixed number of them. */

export interface Portion {
  /** Indices of the images of one run of the program, always `batch` many; the last one repeated where they run out. */
  indices: number[];
  /** Index of the first, and how many of them count. */
  first: number;
  used: number;
}

/** The portions of `count` images, `batch` at a time. */
export function portions(count: number, batch: number): Portion[] {
  return Array.from({ length: Math.ceil(count / batch) }, (_, portion) => {
    const first = portion * batch;
    const indices = Array.from({ length: batch }, (_, row) => Math.min(first + row, count - 1));
    return { indices, first, used: Math.min(batch, count - first) };
  });
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
