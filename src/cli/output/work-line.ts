/** @file The state of work that is counted: how much is done, how fast, how long it still takes. */
import { formatCount, formatDuration, formatRate } from "../../number-format.js";
import { secondsLeft } from "./progress.js";
import type { Status } from "./status-line.js";

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
