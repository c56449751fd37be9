/**
 * @file Images that somebody's model has drawn, as they are: image files of one size, or an npz as guided-diffusion's
 * evaluator has them, `arr_0`, uint8 [N, R, R, 3].
 */
import { extname } from "node:path";
import { UserError } from "../../errors.js";
import { openZip, type ZipArchive } from "../../io/archives/zip.js";
import { type NpyRows, readNpyRows } from "../../io/numpy/npy.js";
import { planar } from "../../io/pixels.js";
import { openCollection } from "../collections/open-collection.js";
import { decodePixels, LARGEST_FILE } from "../decoding/decode.js";
import { hasImageExtension, READABLE } from "../decoding/image-format.js";
import { setForManyImages } from "../decoding/many-images.js";
import type { Images } from "../image-set.js";
import { type ImageStream, inParts, type PartOptions, rereadable } from "./image-stream.js";

/**
 * Opens `arr_0` of an `.npz` (uint8 [N, R, R, 3], as guided-diffusion's evaluator reads it), or the image files of a folder,
 * `.zip`, `.tar` or `.tar.gz` in the order of their names.
 *
 * Nothing is resized, since that would be measured too.
 *
 * @throws UserError when there are none, or they are not square and of one size; while the parts are read, for what cannot be read
 */
export async function openSamples(path: string, options: PartOptions = {}): Promise<ImageStream> {
  return extname(path).toLowerCase() === ".npz" ? openSampleArray(path, options) : openImageFiles(path, options);
}

async function openImageFiles(path: string, { partSize, signal }: PartOptions): Promise<ImageStream> {
  const collection = await openCollection(path);
  const names = collection.files.map(({ name }) => name).filter(hasImageExtension);
  if (names.length === 0) {
    throw new UserError("too-few-images", `Expected images in ${path}, but there is no ${READABLE} file.`);
  }
  let resolution = 0;
  for await (const pixels of decoded(path, collection.read(new Set(names.slice(0, 1)), { largest: LARGEST_FILE }))) {
    resolution = pixels.info.width;
  }
  const images = async function* () {
    const read = collection.read(new Set(names), { largest: LARGEST_FILE, signal });
    for await (const { name, data, info } of decoded(path, read)) {
      signal?.throwIfAborted();
      if (info.width !== resolution) {
        throw new UserError(
          "wrong-shape",
          `${path}: expected images of one size, but ${names[0]} has ${resolution}×${resolution} pixels and ${name} ${info.width}×${info.height}.`,
        );
      }
      yield planar(data, info.channels, resolution);
    }
  };
  const parts = rereadable(() => inParts(images(), { resolution, partSize }));
  return { count: names.length, resolution, parts };
}

/** Pixels of square images, one after another. */
async function* decoded(
  path: string,
  contents: AsyncIterable<{ name: string } & ({ bytes: Uint8Array } | { error: string })>,
) {
  using _ = await setForManyImages();
  for await (const content of contents) {
    const { name } = content;
    const refuse = (problem: string): never => {
      throw new UserError(
        "unsupported-format",
        `Expected square images in ${path}, but ${name} cannot be used: ${problem}.`,
      );
    };
    if ("error" in content) return refuse(content.error);
    const pixels = await decodePixels(content.bytes).catch(({ message }: Error) => refuse(message));
    const { width, height } = pixels.info;
    if (width !== height) refuse(`it has ${width}×${height} pixels`);
    yield { name, ...pixels };
  }
}

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
async function openSampleArray(path: string, options: PartOptions): Promise<ImageStream> {
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
