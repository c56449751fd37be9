/** @file What a source of images holds, known before any pixel is decoded, and how its images are read. */
import type { Refusal } from "../../formats/archive-entry.js";
import type { Split } from "../image-set.js";

export interface SourceImage {
  /** Unique in its source, and the same in every form that the source comes in. */
  name: string;
  split: Split;
  /** Whether an image of `test` is also one of those that a run is watched on. */
  alsoValidation?: true;
  /** Index into the classes of the listing, when it has some. */
  label?: number;
}

/** An image as a file, or uint8 [3, R, R] RGB; or why there is none. Bytes may be a view of a longer buffer. */
export type SourceContent = { index: number } & (
  | { encoded: Uint8Array }
  | { pixels: Uint8Array; resolution: number }
  | { error: string }
);

export interface Listing {
  /** Names of the classes; empty when images have no labels. */
  classes: string[];
  images: SourceImage[];
  /** Files that were passed over, and why. */
  refused: Refusal[];
  /** Changes when the source does: SHA-256 in hex. */
  fingerprint: string;
  /**
   * Every image once, in the order that costs least, by its index into `images`.
   *
   * @throws the signal's reason when it aborts
   * @throws UserError when the source has been damaged since it was listed
   */
  read(signal?: AbortSignal): AsyncIterable<SourceContent>;
  close(): Promise<void>;
}
