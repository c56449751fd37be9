/** @file Keeps the report of a run up to date while it is trained. */
import type { TrainingEvent } from "../training/events.js";
import { runPaths } from "../training/run/run-folder.js";
import type { ReportText } from "./run-report.js";

/** A page that takes longer, milliseconds, is written at the end only: training waits for it. */
const LONGEST_MS = 1000;

/**
 * Writes `report.html` of a run after each step with an evaluation or pictures, and when told to at the end. Training never fails
 * because of it: where the page cannot be written, that is said once.
 */
export class ReportKeeper {
  readonly path: string;
  #started = false;
  #due = false;
  #warned = false;
  #tookMs = 0;

  /** @param onNotice - called with a sentence when the page cannot be written */
  constructor(
    private readonly runFolder: string,
    private readonly text: ReportText,
    private readonly onNotice: (message: string) => void,
    /** Clock in milliseconds. */
    private readonly now: () => number = () => performance.now(),
  ) {
    this.path = runPaths(runFolder).report;
  }

  /** For `train`, after what saves the pictures. */
  readonly onEvent = async (event: TrainingEvent): Promise<void> => {
    if (event.type === "start") this.#started = true; // before, the folder may be another run's
    if (event.type === "pictures" || event.type === "validation") this.#due = true;
    if (event.type === "progress" && this.#due && this.#tookMs <= LONGEST_MS) await this.write(); // once for all of a step
  };

  /**
   * Writes the page as the run stands.
   *
   * @returns its path; undefined where training has not begun, or the page cannot be written
   */
  async write(): Promise<string | undefined> {
    if (!this.#started) return undefined;
    this.#due = false;
    const beganMs = this.now();
    try {
      const { writeReportSoFar } = await import("./run-report.js"); // charts take a moment to load
      return await writeReportSoFar(this.runFolder, this.text);
    } catch (error) {
      if (!this.#warned) this.onNotice(`${(error as Error).message} Training continues without a new ${this.path}.`);
      this.#warned = true;
      return undefined;
    } finally {
      this.#tookMs = this.now() - beganMs;
    }
  }
}
