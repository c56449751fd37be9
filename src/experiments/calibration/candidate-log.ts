/**
 * @file `candidates.jsonl`: what a calibration has measured, a line for each candidate and number of samples, so that a second
 * start need not measure it again. Lines of another question (other weights, features, images, seed) are passed over.
 */
import { existsSync } from "node:fs";
import { appendFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { makeFolderSynced } from "../../io/files/atomic-file.js";
import { writeError } from "../../io/files/write-error.js";
import { fingerprint } from "../../quality/results.js";
import type { CalibratedSampling } from "./settings.js";

/** What was measured of a candidate. */
export interface CandidateResult {
  /** Infinity where the model overflows at these settings. */
  distance: number;
  accuracy?: number;
}

const line = z.object({
  key: z.string(),
  distance: z
    .number()
    .nullable() // JSON knows no infinity
    .transform((value) => value ?? Number.POSITIVE_INFINITY),
  accuracy: z.number().optional(),
});

export class CandidateLog {
  private constructor(
    private readonly path: string,
    private readonly question: string,
    private readonly known: Map<string, CandidateResult>,
  ) {}

  /**
   * @param question - a digest of all that results depend on besides settings and the number of samples
   * @throws UserError when the folder cannot be made or the file not be written
   */
  static async open(folder: string, question: string): Promise<CandidateLog> {
    await makeFolderSynced(folder);
    const path = join(folder, "candidates.jsonl");
    const text = existsSync(path) ? await readFile(path, "utf8") : "";
    const log = new CandidateLog(path, question, knownOf(text));
    if (text !== "" && !text.endsWith("\n")) await log.#append("\n"); // its writer was killed amid a line
    return log;
  }

  find(sampling: CalibratedSampling, count: number): CandidateResult | undefined {
    return this.known.get(this.#key(sampling, count));
  }

  /** @throws UserError when the line cannot be written */
  async add(sampling: CalibratedSampling, count: number, result: CandidateResult): Promise<void> {
    const key = this.#key(sampling, count);
    this.known.set(key, result);
    await this.#append(`${JSON.stringify({ key, count, ...sampling, ...result })}\n`);
  }

  #key = (sampling: CalibratedSampling, count: number): string => fingerprint(this.question, sampling, count);

  async #append(text: string): Promise<void> {
    await appendFile(this.path, text).catch((error) => {
      throw writeError(this.path, error);
    });
  }
}

/** Of whole lines; what else there is was not finished. */
function knownOf(text: string): Map<string, CandidateResult> {
  const known = new Map<string, CandidateResult>();
  for (const row of text.split("\n")) {
    const parsed = line.safeParse(jsonOf(row));
    if (!parsed.success) continue;
    const { key, ...result } = parsed.data;
    known.set(key, result);
  }
  return known;
}

function jsonOf(row: string): unknown {
  try {
    return JSON.parse(row);
  } catch {
    return undefined;
  }
}
