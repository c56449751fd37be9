/** @file Images in an npz as guided-diffusion's evaluator has them: `arr_0`, uint8 [N, R, R, 3]. */
import { UserError } from "../../errors.js";
import { openZip, type ZipArchive } from "../../io/archives/zip.js";
import { type NpyRows, readNpyRows } from "../../io/numpy/npy.js";
import { planar } from "../../io/pixels.js";
import type { Images } from "../image-set.js";
import { type ImageStream, inParts, type PartOptions, rereadable } from "./image-stream.js";

/** Names of the array: the evaluator's, and the one under which the authors save. */
const NAMES = ["arr_0.npy", "arr0.npy"];

/** Whether an npz of these entries holds images. */
export const hasSampleArray = (entries: readonly { name: string }[]): boolean =>
  entries.some(({ name }) => NAMES.includes(name));

/**
 * Opens the images of an npz without reading them all.
 *
 * @throws UserError when there is no such array, it is no array of square images, or not as long as it says
 */
export async function openSampleArray(path: string, options: PartOptions): Promise<ImageStream> {
  await using archive = await openZip(path);
  await using rows = await openRows(archive, path);
  const [count, resolution] = rows.shape;
  return { count, resolution, parts: rereadable(() => partsOf(path, options)) };
}

async function* partsOf(path: string, { partSize, signal }: PartOptions): AsyncGenerator<Images> {
  await using archive = await openZip(path);
  const rows = await openRows(archive, path);
  const [, resolution] = rows.shape;
  yield* inParts(imagesOf(rows, resolution, signal), { resolution, partSize });
}

async function* imagesOf({ blocks, rowBytes }: NpyRows, resolution: number, signal?: AbortSignal) {
  for await (const block of blocks) {
    signal?.throwIfAborted();
    for (let start = 0; start < block.length; start += rowBytes) {
      yield planar(block.subarray(start, start + rowBytes), 3, resolution);
    }
  }
}

async function openRows(archive: ZipArchive, path: string): Promise<NpyRows> {
  const refuse = (problem: string): never => {
    throw new UserError("wrong-shape", `Expected images as arr_0, uint8 [N, R, R, 3], in ${path}, but ${problem}.`);
  };
  const entry = archive.entries.find(({ name }) => NAMES.includes(name));
  if (!entry) return refuse(`it holds ${archive.entries.map(({ name }) => name).join(", ") || "nothing"}`);
  const rows = await readNpyRows(archive.stream(entry), `${entry.name} of ${path}`, entry.bytes);
  const [count, height, width, channels] = rows.shape;
  if (rows.dtype === "uint8" && rows.shape.length === 4 && height === width && channels === 3 && count > 0) return rows;
  await rows[Symbol.asyncDispose]();
  return refuse(`its array is ${rows.dtype} [${rows.shape.join(", ")}]`);
}
