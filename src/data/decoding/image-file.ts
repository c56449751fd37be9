/** @file One image from a file that the user names. */
import { type ErrorCode, UserError } from "../../errors.js";
import { openBytes } from "../../io/archives/byte-source.js";
import { decodeImage, fileSizeProblem } from "./decode.js";

/**
 * The centre of an image in a file, uint8 [3, R, R]: decoded and resized as training images are.
 *
 * @param path - a file of a format that is read
 * @throws UserError when there is no such file, or it cannot be used
 */
export async function readImageFile(path: string, resolution: number): Promise<Uint8Array> {
  const refuse = (problem: string, code: ErrorCode = "damaged"): never => {
    throw new UserError(code, `Cannot read an image from ${path}: ${problem}.`);
  };
  await using file = await openBytes(path, refuse);
  const problem = fileSizeProblem(file.size);
  if (problem) return refuse(problem);
  const bytes = await file.read(0, file.size);
  return await decodeImage(bytes, resolution).catch(({ message }: Error) => refuse(message));
}
