/** @file Working through many images with a program made for a fixed number of them. */
import type { Runtime } from "../engine/index.js";

/** Some of the images, as many as one run of the program takes. */
export interface Portion {
  /** Indices of the images of one run of the program, always `batch` many; the last one repeated where they run out. */
  indices: number[];
  /** Index of the first, and how many of them count. */
  first: number;
  used: number;
}

/**
 * The portions of `count` images, `batch` at a time.
 *
 * @throws RangeError for no image at a time
 */
export function* portions(count: number, batch: number): Generator<Portion, void> {
  if (count > 0 && batch < 1) throw new RangeError(`Expected at least one image at a time, got ${batch}.`);
  for (let first = 0; first < count; first += batch) {
    const used = Math.min(batch, count - first);
    yield { indices: Array.from({ length: batch }, (_, row) => Math.min(first + row, count - 1)), first, used };
  }
}

/**
 * Results of item after item, each of which is begun before the result of the one before it is waited for: its inputs are
 * made while the runtime's thread computes with those of the other. No more than two are under way for each lane.
 *
 * @param begin - makes the inputs of an item and runs a program with them
 * @param signal - looked at before an item is begun, and before the last results are given
 * @param lanes - how many the runtime computes at once, as `Runtime.lanes` says
 * @throws what `begin` throws, in the order of the items; the signal's reason when aborted
 */
export async function* pipelined<Item, Result>(
  items: Iterable<Item>,
  begin: (item: Item) => Promise<Result>,
  signal?: AbortSignal,
  lanes = 1,
): AsyncGenerator<{ item: Item; result: Result }, void> {
  const start = async (item: Item) => ({ item, result: await begin(item) });
  const begun: ReturnType<typeof start>[] = [];
  for (const item of items) {
    signal?.throwIfAborted();
    const next = start(item);
    next.catch(() => {}); // nobody waits for it when the work ends early
    begun.push(next);
    if (begun.length === 2 * lanes) yield await begun.shift()!;
  }
  signal?.throwIfAborted();
  for (const last of begun) yield await last;
}

/** Who watches the work, and can end it. */
interface RunOptions {
  /** Looked at between portions. */
  signal?: AbortSignal;
  /** Called when a portion's result has been dealt with: images done, of all. */
  onProgress?: (done: number, count: number) => void;
  /** Where it is done, if that computes several portions at once. */
  runtime?: Pick<Runtime, "lanes">;
}

/**
 * The portions of `count` images, each with its result; see `pipelined`.
 *
 * @param begin - makes the inputs of a portion and runs a program with them
 */
export async function* runPortions<Result>(
  count: number,
  batch: number,
  begin: (portion: Portion) => Promise<Result>,
  { signal, onProgress, runtime }: RunOptions = {},
): AsyncGenerator<Portion & { result: Result }, void> {
  for await (const { item: portion, result } of pipelined(portions(count, batch), begin, signal, runtime?.lanes)) {
    yield { ...portion, result };
    onProgress?.(portion.first + portion.used, count);
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
