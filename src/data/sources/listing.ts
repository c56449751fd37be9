/** @file What every kind of source offers: a cheap way to notice changes, and a list of images before any is decoded. */
import type { Split } from "../image-set.js";

export interface SourceImage {
  /** Unique in the source; messages call the image by it. */
  name: string;
  split: Split;
  /** A test image that is also watched in training: official sets have no validation images of their own. */
  alsoValidation?: boolean;
  /** Index into `classes`, when there are classes. */
  label?: number;
}

/** One image as the source has it: a file's bytes, pixels already, or why there are none. */
export type SourceRecord =
  | { encoded: Uint8Array }
  /** uint8 [3, R, R] */
  | { pixels: Uint8Array; resolution: number }
  | { error: string };

/** What a source holds. Holds files open until it is closed. */
export interface Listing {
  /** Names of the classes; empty when there are none. Every image then has a label, or none has. */
  classes: string[];
  /** In the order of their names. */
  images: readonly SourceImage[];
  /** Files that were passed over before any was opened, and why. */
  refused: readonly { file: string; reason: string }[];
  /** Every image once, in the order that costs least, by its index into `images`. */
  read(signal?: AbortSignal): AsyncIterable<{ index: number } & SourceRecord>;
  close(): Promise<void>;
}

/** A place where images are. */
export interface Source {
  /** Kind and absolute path: what tells it from other sources. */
  id: string;
  /** What it was taken for, in words: "a zip archive of images". */
  description: string;
  /** Another value means that the source has changed. Costs no more than looking at names, sizes and times. */
  fingerprint(): Promise<string>;
  /** @throws UserError when the source is missing, unreadable, or has no images */
  list(signal?: AbortSignal): Promise<Listing>;
}
