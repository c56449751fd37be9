/** @file Results on disk, one JSON file each: written whole, found again only for the same question. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { makeFolderSynced, writeFileAtomic } from "../io/files/atomic-file.js";

/** Of all that a result depends on; order matters. */
export const fingerprint = (...parts: unknown[]): string =>
  createHash("sha256").update(JSON.stringify(parts)).digest("hex");

/**
 * A result that was saved under this question.
 *
 * @returns undefined where there is none, or it is the answer to another question
 */
export async function readResult<T>(path: string, question: string): Promise<T | undefined> {
  try {
    const saved = JSON.parse(await readFile(path, "utf8")) as { question?: unknown; result: T };
    return saved.question === question ? saved.result : undefined;
  } catch {
    return undefined;
  }
}

/** @throws UserError when the file cannot be written */
export async function writeResult(path: string, question: string, result: object): Promise<void> {
  await makeFolderSynced(dirname(path));
  await writeFileAtomic(path, Buffer.from(`${JSON.stringify({ question, result }, null, 2)}\n`));
}
