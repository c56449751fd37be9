/**
 * @file What a long command says while it runs, on standard error: one line that rewrites itself and fits the terminal,
 * or plain lines in a pipe.
 */

import stringWidth from "string-width";
import { formatCount, formatDuration, formatRate } from "../../number-format.js";
import { inFlags } from "../advice.js";

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

/** A part of a line. */
interface LinePart {
  text: string;
  /** The same in fewer letters, for a narrow terminal. */
  short?: string;
}

/** What a task says of its state: a text, or parts, each named once in `order`. */
export interface StatusParts {
  /** As they stand in the line; those that are undefined are left out. */
  parts: readonly (LinePart | string | undefined)[];
  /** Indices into `parts`, the most important first. Default: as they stand. */
  importance?: readonly number[];
}

export type Status = string | StatusParts;

const GAP = "  ";
const ELLIPSIS = "…";

/** The whole of it, for a file or a pipe. */
export const wholeLine = (status: Status): string => lineOf(rankedParts(status), "text");

/**
 * As much of it as fits: all parts; or all in their short form; or the same without the least important one, and so on. Of the
 * last one what fits.
 *
 * @param columns - cells of the terminal that may be used; a wide character takes two
 */
export function fittedLine(status: Status, columns: number): string {
  const ranked = rankedParts(status);
  for (let count = ranked.length; count > 0; count--) {
    const kept = ranked.slice(0, count);
    for (const form of ["text", "short"] as const) {
      const line = lineOf(kept, form);
      if (stringWidth(line) <= columns) return line;
    }
  }
  return ranked.length === 0 ? "" : cut(ranked[0].short, columns);
}

interface Ranked {
  place: number;
  text: string;
  short: string;
}

/** The parts that are there, the most important first. */
function rankedParts(status: Status): Ranked[] {
  const { parts, importance = [...parts.keys()] } = typeof status === "string" ? { parts: [status] } : status;
  return importance.flatMap((place) => {
    const part = parts[place];
    if (part === undefined) return [];
    const { text, short = text } = typeof part === "string" ? { text: part } : part;
    return [{ place, text: onOneLine(text), short: onOneLine(short) }];
  });
}

const lineOf = (ranked: readonly Ranked[], form: "text" | "short"): string =>
  [...ranked]
    .sort((a, b) => a.place - b.place)
    .map((part) => part[form])
    .join(GAP);

/** What names of files may hold, line breaks and commands to the terminal, is shown as a sign in their place. */
const onOneLine = (text: string): string => text.replace(/\p{Cc}/gu, "\u{fffd}");

const characters = new Intl.Segmenter("en", { granularity: "grapheme" });

/** The beginning of a text that is too wide, with a sign that there is more. */
function cut(text: string, columns: number): string {
  if (stringWidth(text) <= columns) return text;
  let [kept, width] = ["", 0];
  for (const { segment } of characters.segment(text)) {
    width += stringWidth(segment);
    if (width > columns - stringWidth(ELLIPSIS)) break;
    kept += segment;
  }
  return columns > 0 ? kept + ELLIPSIS : "";
}

export interface WorkOptions {
  /** What is done, before a colon; the first that a narrow terminal loses. */
  what?: string;
  /** What is counted. */
  unit: string;
  now?: () => number;
}

/**
 * Describes work by what is done of it. The rate is that since the first report: what came before it was preparation, or was
 * there already.
 *
 * @returns given how much is done of how much, the state; in a narrow terminal the name of the work goes first, then the rate
 */
export function workLine({
  what,
  unit,
  now = () => performance.now(),
}: WorkOptions): (done: number, total: number) => Status {
  let start: { done: number; ms: number } | undefined;
  return (done, total) => {
    if (!start || done < start.done) start = { done, ms: now() }; // it begins, or begins anew
    const seconds = (now() - start.ms) / 1000;
    const since = done - start.done;
    const share = `${formatCount(done)} of ${formatCount(total)}`;
    const short = `${formatCount(done)}/${formatCount(total)}`;
    const count = { text: what === undefined ? `${share} ${unit}` : `${what}: ${share}`, short };
    if (since === 0 || seconds === 0) return { parts: [count] };
    const rate = { text: formatRate(since / seconds, unit), short: formatRate(since / seconds) };
    return {
      parts: [count, rate, `${formatDuration(secondsLeft(since, total - start.done, seconds))} left`],
      importance: [0, 2, 1],
    };
  };
}
