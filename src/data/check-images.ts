/** @file Whether images that a caller hands over are what they say: their number, their type and their labels. */

import { statSync } from "node:fs";
import { isInt32Array, isUint8Array } from "node:util/types";
import { UserError } from "../errors.js";
import type { ImageSet } from "./image-set.js";

/** Images, in memory or packed in a file, and perhaps their labels. */
export type UncheckedImages = Pick<ImageSet, "images" | "count" | "resolution"> & { labels?: Int32Array };

/**
 * Checks that there are as many images as `count` says, as bytes, and a label for each where there are labels.
 *
 * @param name - of the set, for messages
 * @throws UserError that says what was expected
 */
export function checkImages({ images, count, resolution, labels }: UncheckedImages, name?: string): void {
  const of = name === undefined ? "" : ` in ${name}`;
  if (!Number.isInteger(count) || count < 0) {
    throw new UserError(
      "out-of-range",
      `Expected the number of images${of} as a whole number from 0 on, got count ${count}.`,
    );
  }
  if (!Number.isInteger(resolution) || resolution < 1) {
    throw new UserError(
      "out-of-range",
      `Expected the images' height and width${of} in pixels, got resolution ${resolution}.`,
    );
  }
  const bytes = 3 * count * resolution ** 2;
  const shape = `${count} images${of} as uint8 [${count}, 3, ${resolution}, ${resolution}], ${bytes} bytes`;
  if (isUint8Array(images)) {
    if (images.length !== bytes) throw new UserError("wrong-shape", `Expected ${shape}, got ${images.length} bytes.`);
  } else if (typeof images?.path !== "string" || !Number.isInteger(images.offset) || images.offset < 0) {
    throw new UserError(
      "wrong-shape",
      `Expected ${shape}, in a Uint8Array or as { path, offset } of a file that holds them, got ${nameOf(images)}.`,
    );
  } else {
    const { path, offset } = images;
    const size = statSync(path, { throwIfNoEntry: false })?.size;
    if (size === undefined) throw new UserError("not-found", `Expected ${shape}, in ${path}: there is no such file.`);
    if (size < offset + bytes) {
      throw new UserError(
        "wrong-shape",
        `Expected ${shape}, from byte ${offset} of ${path} on, but the file ends at byte ${size}.`,
      );
    }
  }
  if (labels === undefined) return;
  if (!isInt32Array(labels)) {
    throw new UserError("wrong-shape", `Expected the labels${of} in an Int32Array, got ${nameOf(labels)}.`);
  }
  if (labels.length !== 0 && labels.length !== count) {
    throw new UserError(
      "wrong-shape",
      `Expected a label for each of ${count} images${of}, or none at all, got ${labels.length}.`,
    );
  }
}

/** A value's kind, for messages: "a Float32Array". */
function nameOf(value: unknown): string {
  const kind = value === null || value === undefined ? String(value) : Object(value).constructor?.name;
  return value === null || value === undefined ? kind : `${/^[AEIO]/.test(kind) ? "an" : "a"} ${kind ?? "value"}`;
}
