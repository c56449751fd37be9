/** @file What a long command says while it runs, on standard error: one line that rewrites itself, or plain lines in a pipe. */
import { inFlags } from "../advice.js";
import { fittedLine, type Status, wholeLine } from "./status-line.js";

/** Where progress goes: standard error, or a stand-in for it in tests. */
export interface ProgressStream {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
  /** A terminal tells when its width changes. */
  on?(event: "resize", listener: () => void): unknown;
  off?(event: "resize", listener: () => void): unknown;
}

/** Milliseconds between two lines: in a terminal as fast as the eye reads, in a pipe as slow as a log should grow. */
const INTERVAL_MS = { terminal: 100, pipe: 5000 };
const CLEAR_LINE = "\r\u001b[K";
/** Of a terminal that does not say how wide it is. */
const COLUMNS = 80;

/** Shows the state of a long task. In a terminal the last line rewrites itself; elsewhere a line appears every five seconds. */
export class Progress {
  readonly #stream: ProgressStream;
  readonly #quiet: boolean;
  readonly #now: () => number;
  #lastShownMs = Number.NEGATIVE_INFINITY;
  /** What the line that rewrites itself shows. */
  #status: Status | undefined;

  /**
   * @param quiet - show nothing at all
   * @param now - clock in milliseconds
   */
  constructor(stream: ProgressStream, { quiet = false, now = () => performance.now() } = {}) {
    this.#stream = stream;
    this.#quiet = quiet;
    this.#now = now;
  }

  /** The state now, as much of it as the terminal is wide; shown unless another was shown a moment ago. */
  update(status: Status): void {
    const nowMs = this.#now();
    if (this.#quiet || nowMs - this.#lastShownMs < INTERVAL_MS[this.#stream.isTTY ? "terminal" : "pipe"]) return;
    this.#lastShownMs = nowMs;
    if (!this.#stream.isTTY) {
      this.#stream.write(`${wholeLine(status)}\n`);
      return;
    }
    if (this.#status === undefined) this.#stream.on?.("resize", this.#redraw);
    this.#status = status;
    this.#redraw();
  }

  /** Something worth keeping: a line of its own above the one that rewrites itself, with the library's options as flags. */
  note(text: string): void {
    if (this.#quiet) return;
    this.#stream.write(`${this.#status === undefined ? "" : CLEAR_LINE}${inFlags(text)}\n${this.#line()}`);
  }

  /** Takes the rewriting line away, so that whatever is printed next starts on a clean line. */
  clear(): void {
    if (this.#status !== undefined) {
      this.#stream.off?.("resize", this.#redraw);
      this.#stream.write(CLEAR_LINE);
    }
    this.#status = undefined;
    this.#lastShownMs = Number.NEGATIVE_INFINITY;
  }

  readonly #redraw = (): void => {
    this.#stream.write(CLEAR_LINE + this.#line());
  };

  /** One column stays free: a terminal may wrap a line that fills it, and a wrapped line could not be rewritten. */
  #line(): string {
    return this.#status === undefined ? "" : fittedLine(this.#status, (this.#stream.columns || COLUMNS) - 1);
  }
}

/**
 * Seconds left at the average rate so far.
 *
 * @param done - units done since the start, out of `total`
 * @returns Infinity while nothing is done
 */
export const secondsLeft = (done: number, total: number, seconds: number): number =>
  done > 0 ? (seconds * (total - done)) / done : Number.POSITIVE_INFINITY;
