/** @file Results on disk, one JSON file each: written whole, found again only for the same question and the same model. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { leaves } from "../engine/tree.js";
import type { TrainedModel } from "../inference/trained-model.js";
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

/** Digits of a hash that are enough to tell things apart, and fit on a line. */
export const DIGITS = 16;

/** Of the weights, and of all else that samples depend on. */
export function digestOfModel({ config, parameters, data }: TrainedModel): string {
  const hash = createHash("sha256").update(JSON.stringify([config.model, config.objective, data.classCounts]));
  for (const values of leaves(parameters)) {
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest("hex").slice(0, DIGITS);
}
