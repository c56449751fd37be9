/** @file Images in memory, all of one size. */

/** Which part of a set: models learn from `train`, are watched on `validation`, and judged on `test`. */
export type Split = "train" | "validation" | "test";
export const splits: readonly Split[] = ["train", "validation", "test"];

export interface ImageSet {
  /** The source, as the user named it. */
  name: string;
  resolution: number;
  count: number;
  /** Names of the classes; empty when the images have no labels. */
  classes: string[];
  /** uint8 [count, 3, R, R], RGB. */
  images: Uint8Array;
  /** Index into `classes` for every image; length 0 when there are none. */
  labels: Int32Array;
  /** Files that could not be used, and why. */
  skipped: { file: string; reason: string }[];
}

/** An image that is still a file. */
export interface ImageFile {
  path: string;
  /** What messages call it. */
  name: string;
  /** Index of its class, when there are classes. */
  label?: number;
}
