/** @file Images that a program draws, fetches or reads itself, as a data set. */
import { createHash } from "node:crypto";
import { isUint8Array } from "node:util/types";
import { UserError } from "../errors.js";
import { decodeImage } from "./decoding/decode.js";
import { resizeInterleaved } from "./decoding/resize.js";
import { type ImageSet, type Split, splits } from "./image-set.js";
import type { ImageSplits } from "./open-data.js";
import { splitByKey } from "./split.js";

/** Pixels row by row, RGB or RGBA of 8 bits; an `ImageData` is one. */
export interface RawImage {
  data: Uint8Array | Uint8ClampedArray;
  width: number;
  height: number;
}

/** One image of your own. */
export interface OwnImage {
  /** Bytes of an image file (PNG, JPEG, WebP, AVIF, TIFF, GIF), or pixels. Any size: the centre square is resized. */
  image: Uint8Array | RawImage;
  /** Name of its class; either all images have one or none has. */
  label?: string;
  /** Default: a twentieth of the images is held out for `validation` and as many for `test`, chosen by their content. */
  split?: Split;
}

/** How {@link collectImages} makes a set of your images. */
export interface CollectOptions {
  /** Pixels a side of the set. */
  resolution: number;
  /** What the set is called in logs and reports. Default: "images". */
  name?: string;
  signal?: AbortSignal;
  /** Called after each image with how many there are. */
  onProgress?: (images: number) => void;
}

/**
 * Collects images from an iterable, in memory: 3 · resolution² bytes each. They are decoded and resized as those of
 * `openData` are, whatever their size; images that cannot be decoded are counted in `skipped`.
 *
 * @throws UserError when none can be used, or some have a label and others have none
 * @throws the signal's reason when it aborts
 */
export async function collectImages(
  images: AsyncIterable<OwnImage> | Iterable<OwnImage>,
  { resolution, name = "images", signal, onProgress }: CollectOptions,
): Promise<ImageSplits> {
  const skipped: ImageSplits["skipped"] = [];
  const found: { pixels: Uint8Array; label?: string; split?: Split; digest: string }[] = [];
  let index = 0;
  for await (const { image, label, split } of images) {
    signal?.throwIfAborted();
    try {
      const pixels = isUint8Array(image) ? await decodeImage(image, resolution) : resizeRaw(image, resolution);
      found.push({ pixels, label, split, digest: createHash("sha256").update(pixels).digest("hex") });
    } catch (error) {
      skipped.push({ file: `image ${index}`, reason: (error as Error).message });
    }
    index++;
    onProgress?.(found.length);
  }
  if (found.length === 0) {
    const [first] = skipped;
    const why = first ? `: of ${skipped.length}, ${first.file} ${first.reason}` : "";
    throw new UserError("too-few-images", `Expected usable images in ${name}, got none${why}.`);
  }
  const labelled = found.filter(({ label }) => label !== undefined).length;
  if (labelled > 0 && labelled < found.length) {
    throw new UserError(
      "wrong-shape",
      `Expected all images of ${name} to have a label, or none, but ${labelled} of ${found.length} have one.`,
    );
  }
  const classes = [...new Set(found.flatMap(({ label }) => label ?? []))].sort();
  const chosen = splitByKey(found.map(({ digest }) => digest));
  const setOf = (split: Split): ImageSet<Uint8Array> => {
    const members = found.filter((each) => (each.split ?? chosen.get(each.digest)) === split);
    const pixels = new Uint8Array(members.length * 3 * resolution ** 2);
    members.forEach((each, place) => {
      pixels.set(each.pixels, place * each.pixels.length);
    });
    const labels = Int32Array.from(classes.length > 0 ? members : [], ({ label }) => classes.indexOf(label!));
    return { name, resolution, count: members.length, classes, images: pixels, labels };
  };
  const sets = Object.fromEntries(splits.map((split) => [split, setOf(split)])) as Record<Split, ImageSet<Uint8Array>>;
  return { ...sets, skipped, unused: [] };
}

/** The centre of an image at the set's resolution, uint8 [3, R, R]; what is transparent, on white. */
function resizeRaw({ data, width, height }: RawImage, resolution: number): Uint8Array {
  const channels = data.length / (width * height);
  if (channels !== 3 && channels !== 4) {
    throw new Error(`expected ${width}×${height} pixels of RGB or RGBA, got ${data.length} bytes`);
  }
  const pixels = channels === 3 ? Uint8Array.from(data) : onWhite(data);
  return resizeInterleaved(pixels, { width, height, channels: 3 }, resolution);
}

/** RGBA on white, as RGB. */
function onWhite(data: Uint8Array | Uint8ClampedArray): Uint8Array {
  const pixels = new Uint8Array((data.length / 4) * 3);
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    const alpha = data[from + 3];
    for (let channel = 0; channel < 3; channel++) {
      pixels[to + channel] = Math.round((data[from + channel] * alpha + 255 * (255 - alpha)) / 255);
    }
  }
  return pixels;
}
