/** @file Where the images of a set lie in a file, and how they are read from there. */
import { LONGEST_STRETCH, mappedFile } from "./mapped-file.js";

/** Images one after another in a file, uint8 [count, 3, R, R]. */
export interface PackedImages {
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
export function packedImageReader({ path, offset }: PackedImages, size: number): (index: number) => Uint8Array {
  if (size > LONGEST_STRETCH) throw new Error(`Expected images of at most ${LONGEST_STRETCH} bytes, got ${size}.`);
  const read = mappedFile(path);
  return (index) => read(offset + index * size, size);
}
