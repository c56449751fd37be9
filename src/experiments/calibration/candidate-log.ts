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
import type { EnergyComparison } from "../../quality/metrics/energy-distance.js";
import { fingerprint } from "../../quality/results.js";
import type { CalibratedSampling } from "./settings.js";

/** What was measured of a candidate. */
export interface CandidateResult {
  /** Infinity where the model overflows at these settings. */
  distance: number;
  accuracy?: number;
}

const comparisonLine = z.object({ key: z.string(), difference: z.number(), standardError: z.number() });

const candidateLine = z.object({
  key: z.string(),
  distance: z
    .number()
    .nullable() // JSON knows no infinity
    .transform((value) => value ?? Number.POSITIVE_INFINITY),
  accuracy: z.number().optional(),
});

/** What was measured, by key. */
interface Known {
  candidates: Map<string, CandidateResult>;
  comparisons: Map<string, EnergyComparison>;
}

export class CandidateLog {
  private constructor(
    private readonly path: string,
    private readonly question: string,
    private readonly known: Known,
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
    return this.known.candidates.get(this.#key(sampling, count));
  }

  /** @throws UserError when the line cannot be written */
  async add(sampling: CalibratedSampling, count: number, result: CandidateResult): Promise<void> {
    const key = this.#key(sampling, count);
    this.known.candidates.set(key, result);
    await this.#append(`${JSON.stringify({ key, count, ...sampling, ...result })}\n`);
  }

  /** How the distance of settings differs from that of others. */
  findComparison(sampling: CalibratedSampling, than: CalibratedSampling, count: number): EnergyComparison | undefined {
    return this.known.comparisons.get(this.#key(sampling, count, than));
  }

  /** @throws UserError when the line cannot be written */
  async addComparison(
    sampling: CalibratedSampling,
    than: CalibratedSampling,
    count: number,
    result: EnergyComparison,
  ): Promise<void> {
    const key = this.#key(sampling, count, than);
    this.known.comparisons.set(key, result);
    await this.#append(`${JSON.stringify({ key, count, ...sampling, than, ...result })}\n`);
  }

  #key = (sampling: CalibratedSampling, count: number, ...than: CalibratedSampling[]): string =>
    fingerprint(this.question, sampling, count, ...than);

  async #append(text: string): Promise<void> {
    await appendFile(this.path, text).catch((error) => {
      throw writeError(this.path, error);
    });
  }
}

/** What whole lines say; what else there is was not finished. */
function knownOf(text: string): Known {
  const known: Known = { candidates: new Map(), comparisons: new Map() };
  for (const row of text.split("\n")) {
    const json = jsonOf(row);
    const candidate = candidateLine.safeParse(json).data;
    const comparison = comparisonLine.safeParse(json).data;
    if (candidate) {
      const { key, ...result } = candidate;
      known.candidates.set(key, result);
    } else if (comparison) {
      const { key, ...result } = comparison;
      known.comparisons.set(key, result);
    }
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
