/** @file `search.json`: the plan of a search and what it has measured, so that the same call goes on where it stopped. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../../errors.js";
import { makeFolderSynced, writeFileAtomic } from "../../io/files/atomic-file.js";
import { parseJson } from "../../io/files/json.js";

const schema = z.strictObject({
  format: z.literal(1),
  /** A digest of all that the search depends on. */
  question: z.string(),
  /** Batches that each candidate would have in all, by its name. */
  steps: z.record(z.string(), z.int().positive()),
  /** Figures by candidate, seed and step; null where training diverged or its output was no number. */
  figures: z.record(z.string(), z.number().nullable()),
});

type Content = z.output<typeof schema>;

/** One measurement. */
export interface MeasuredAt {
  candidate: string;
  seed: number;
  step: number;
}

const keyOf = ({ candidate, seed, step }: MeasuredAt): string => `${candidate} seed ${seed} step ${step}`;

export class TuningLog {
  private constructor(
    private readonly path: string,
    private readonly content: Content,
  ) {}

  /**
   * Opens the log of a folder, or begins one.
   *
   * @throws UserError when it is one of another search, or damaged, or the folder cannot be made
   */
  static async open(folder: string, question: string): Promise<TuningLog> {
    const path = join(folder, "search.json");
    if (!existsSync(path)) {
      await makeFolderSynced(folder);
      return new TuningLog(path, { format: 1, question, steps: {}, figures: {} });
    }
    const refuse = (problem: string): never => {
      throw new UserError("damaged", `Expected the log of a search in ${path}, but ${problem}. Give another folder.`);
    };
    const parsed = schema.safeParse(parseJson(await readFile(path), refuse));
    if (!parsed.success) return refuse(`it holds something else:\n${z.prettifyError(parsed.error)}\n`);
    if (parsed.data.question === question) return new TuningLog(path, parsed.data);
    throw new UserError(
      "mismatch",
      `Expected the log of this search in ${path}, but it is one of other candidates, seeds, images, minutes or figures. ` +
        "Ask for the same again, or give another folder.",
    );
  }

  /** Batches of a candidate in all; undefined before they are planned. */
  steps(candidate: string): number | undefined {
    return this.content.steps[candidate];
  }

  async plan(candidate: string, steps: number): Promise<void> {
    this.content.steps[candidate] = steps;
    await this.#write();
  }

  /** A figure that was measured, NaN of what was no number; undefined where it was not. */
  figure(at: MeasuredAt): number | undefined {
    const found = this.content.figures[keyOf(at)];
    return found === null ? Number.NaN : found;
  }

  async add(at: MeasuredAt, figure: number): Promise<void> {
    this.content.figures[keyOf(at)] = Number.isFinite(figure) ? figure : null;
    await this.#write();
  }

  #write(): Promise<void> {
    return writeFileAtomic(this.path, Buffer.from(`${JSON.stringify(this.content, null, 2)}\n`));
  }
}
