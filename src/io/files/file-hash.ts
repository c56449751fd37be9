/** @file Digests of files, read piece by piece. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";

/**
 * SHA-256 of a file's bytes, in hexadecimal.
 *
 * @throws the system's error when it cannot be read; the signal's reason when aborted
 */
export async function sha256OfFile(path: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of createReadStream(path, { signal })) hash.update(piece);
  return hash.digest("hex");
}
