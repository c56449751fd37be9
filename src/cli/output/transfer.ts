/** @file What a progress line says of bytes that come or go. */
import { formatBytes, formatDuration, formatShare } from "../../number-format.js";
import { type Status, secondsLeft } from "./progress.js";

/** Describes a transfer, given the bytes there are. Those that were there when it began say nothing about its rate. */
export function transfer(name: string, total: number): (bytes: number) => Status {
  let start = { bytes: Number.POSITIVE_INFINITY, ms: 0 };
  return (bytes) => {
    if (bytes < start.bytes) start = { bytes, ms: performance.now() }; // it begins, or begins anew
    const seconds = (performance.now() - start.ms) / 1000;
    const done = bytes - start.bytes;
    const share = formatShare(bytes / total);
    const state = { text: `${name} ${share} of ${formatBytes(total)}`, short: share };
    if (done === 0) return { parts: [state] };
    const left = secondsLeft(done, total - start.bytes, seconds);
    return {
      parts: [state, `${formatBytes(done / seconds)}/s`, `${formatDuration(left)} left`],
      importance: [0, 2, 1],
    };
  };
}
