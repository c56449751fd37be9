/** @file Images in an npz as guided-diffusion's evaluator has them: `arr_0`, uint8 [N, R, R, 3]. */
import { UserError } from "../../errors.js";
import { type NpyRows, readNpyRows } from "../../formats/npy.js";
import { planar } from "../../formats/pixels.js";
import { openZip, type ZipArchive } from "../../formats/zip.js";
import type { ImagePart, SampleFile } from "./sample-files.js";

/** Names of the array: the evaluator's, and the one under which the authors save. */
const NAMES = ["arr_0.npy", "arr0.npy"];

/**
 * Opens the images of an npz without reading them all.
 *
 * @throws UserError when there is no such array, or it is no array of square images
 */
export async function openSampleArray(path: string): Promise<SampleFile> {
  const archive = await openZip(path);
  try {
    const rows = await openRows(archive, path);
    await rows.close();
    const [count, resolution] = rows.shape;
    return { path, count, resolution, parts: (size, signal) => partsOf(path, size, signal) };
  } finally {
    await archive.close();
  }
}

async function* partsOf(path: string, size: number, signal?: AbortSignal): AsyncGenerator<ImagePart> {
  const archive = await openZip(path);
  try {
    const { blocks, rowBytes, shape } = await openRows(archive, path);
    const [, resolution] = shape;
    let images = new Uint8Array(size * rowBytes);
    let count = 0;
    for await (const block of blocks) {
      signal?.throwIfAborted();
      for (let start = 0; start < block.length; start += rowBytes) {
        images.set(planar(block.subarray(start, start + rowBytes), 3, resolution), count++ * rowBytes);
        if (count < size) continue;
        yield { images, count, resolution };
        images = new Uint8Array(size * rowBytes);
        count = 0;
      }
    }
    if (count > 0) yield { images: images.subarray(0, count * rowBytes), count, resolution };
  } finally {
    await archive.close();
  }
}

async function openRows(archive: ZipArchive, path: string): Promise<NpyRows> {
  const refuse = (problem: string): never => {
    throw new UserError(`Expected images as arr_0, uint8 [N, R, R, 3], in ${path}, but ${problem}.`);
  };
  const entry = archive.entries.find(({ name }) => NAMES.includes(name));
  if (!entry) return refuse(`it holds ${archive.entries.map(({ name }) => name).join(", ") || "nothing"}`);
  const rows = await readNpyRows(archive.stream(entry), `${entry.name} of ${path}`);
  const [count, height, width, channels] = rows.shape;
  if (rows.dtype === "uint8" && rows.shape.length === 4 && height === width && channels === 3 && count > 0) return rows;
  await rows.close();
  return refuse(`its array is ${rows.dtype} [${rows.shape.join(", ")}]`);
}
