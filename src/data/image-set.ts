/** @file Sets of images of one size: in memory, or packed in a file. */
import { isUint8Array } from "node:util/types";
import { LONGEST_STRETCH, mappedFile } from "./packs/mapped-file.js";

/** Which part of a set: models learn from `train`, are validated on `validation`, and judged on `test`. */
export type Split = "train" | "validation" | "test";
export const splits: readonly Split[] = ["train", "validation", "test"];

/** Pixels of images, uint8 [count, 3, R, R], RGB: in memory, or where they lie in a file. */
export type Pixels = Uint8Array | PackedImages;

/** Square images of one size. Plain data: it can be sent to another thread, and read there. */
export interface Images<Data extends Pixels = Uint8Array> {
  images: Data;
  count: number;
  resolution: number;
  /** Class of every image; absent or empty when they have none. */
  labels?: Int32Array;
}

/** Images with a name, and the names of their classes: a split of a source. */
export interface ImageSet<Data extends Pixels = Pixels> extends Images<Data> {
  /** The source, as the user named it. */
  name: string;
  /** Names of the classes; empty when the images have no labels. */
  classes: string[];
  /** Index into `classes` for every image; length 0 when there are none. */
  labels: Int32Array;
  /** `false` where a mirror would make another image of one, as of letters: training does not mirror them. */
  mirrorable?: false;
  /** SHA-256 that equal sets share; absent where it has not been worked out: see `digestOfSet`. */
  digest?: string;
}

/** Gives image after image, uint8 [3, R, R], to be read and not to be changed. */
export type ImageReader = (index: number) => Uint8Array;

/** How to get at a set's images. */
export function imageReader({ images, resolution }: Pick<Images<Pixels>, "images" | "resolution">): ImageReader {
  const size = 3 * resolution ** 2;
  if (isUint8Array(images)) return (index) => images.subarray(index * size, (index + 1) * size);
  return packedImageReader(images, size);
}

/** What a set says of mirroring, if anything. */
export const mirroringOf = ({ mirrorable }: { mirrorable?: false }): { mirrorable?: false } =>
  mirrorable === false ? { mirrorable } : {};

/** Some images of a set, by index, copied into memory. */
export function take(set: ImageSet, indices: ArrayLike<number>): ImageSet<Uint8Array> {
  const size = 3 * set.resolution ** 2;
  const read = imageReader(set);
  const images = new Uint8Array(indices.length * size);
  const labels = new Int32Array(set.labels.length > 0 ? indices.length : 0);
  for (let place = 0; place < indices.length; place++) {
    images.set(read(indices[place]), place * size);
    if (labels.length > 0) labels[place] = set.labels[indices[place]];
  }
  const { name, resolution, classes } = set;
  return { name, resolution, count: indices.length, classes, images, labels, ...mirroringOf(set) };
}

/** Indices of up to `wanted` of `count` images at equal distances: ⌊i · count / wanted⌋. */
export function spreadIndices(count: number, wanted: number): number[] {
  const length = Math.min(wanted, count);
  return Array.from({ length }, (_, i) => Math.floor((i * count) / length));
}

/** Up to `wanted` images of a set at equal distances, in memory: its order may be by kind. */
export function takeSpread(set: ImageSet, wanted: number): ImageSet<Uint8Array> {
  return take(set, spreadIndices(set.count, wanted));
}

/** The first `wanted` images of a set, or all when it has fewer, in memory. */
export function takeFirst(set: ImageSet, wanted: number): ImageSet<Uint8Array> {
  return take(
    set,
    Array.from({ length: Math.min(wanted, set.count) }, (_, i) => i),
  );
}

/** Images one after another in a file, uint8 [count, 3, R, R]. */
interface PackedImages {
  path: string;
  /** Bytes before the first of them. */
  offset: number;
}

/**
 * Gives image after image as a view of the file: copying it is all that a batch costs.
 *
 * @param size - bytes of one image
 * @throws Error when the file cannot be opened
 */
function packedImageReader({ path, offset }: PackedImages, size: number): (index: number) => Uint8Array {
  if (size > LONGEST_STRETCH) throw new Error(`Expected images of at most ${LONGEST_STRETCH} bytes, got ${size}.`);
  const read = mappedFile(path);
  return (index) => read(offset + index * size, size);
}
