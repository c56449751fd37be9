/** @file The log of a refinement's training: lines of `metrics.jsonl`, each the mean over the steps since the one before. */
import { appendMetrics, beginLog, type FlowLine, type RunLine, syncMetrics } from "../training/run/metrics-log.js";
import type { FlowProgress } from "./flow-state.js";

export class FlowLog {
  #losses: number[] = [];
  #images = 0;
  readonly #began = performance.now();
  #since = this.#began;

  private constructor(
    private readonly path: string,
    /** Training time before this part, seconds. */
    private readonly before: number,
  ) {}

  /** Begins the log, or resumes it from the step that the line names. */
  static async open(path: string, run: Omit<RunLine, "seconds">): Promise<FlowLog> {
    const { line } = await beginLog(path, run, false);
    return new FlowLog(path, line.seconds!);
  }

  /** A step has been made. */
  add(loss: number, images: number): void {
    this.#losses.push(loss);
    this.#images += images;
  }

  get isEmpty(): boolean {
    return this.#losses.length === 0;
  }

  /** Means over the steps since the last line. */
  means(): { loss: number; imagesPerSecond: number } {
    const loss = this.#losses.reduce((sum, value) => sum + value, 0) / this.#losses.length;
    return { loss, imagesPerSecond: (1000 * this.#images) / (performance.now() - this.#since) };
  }

  /** Writes a line. There has been a step since the last one. */
  write(position: FlowProgress, learningRate: number): FlowLine {
    const seconds = this.before + (performance.now() - this.#began) / 1000;
    const line = { type: "flow", ...position, seconds, ...this.means(), learningRate } as const;
    appendMetrics(this.path, line);
    this.#losses = [];
    this.#images = 0;
    this.#since = performance.now();
    return line;
  }

  /** Waits until every line is on disk. */
  sync(): void {
    syncMetrics(this.path);
  }
}
