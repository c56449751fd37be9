/** @file Who writes what is not whole yet: its name says so, so that others know whether it has been left behind. */
import { readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** After this time without a write nobody is writing: pauses are far shorter. */
const ABANDONED_MS = 3_600_000;

/** Where a process number means the same process: a machine, and on Linux one PID namespace of it, as containers have. */
export const WRITERS_PLACE = `${hostname()}${pidNamespace()}`.replace(/[^\w.]/g, "_");

function pidNamespace(): string {
  try {
    return `.${/\d+/.exec(readlinkSync("/proc/self/ns/pid"))![0]}`;
  } catch {
    return ""; // not Linux, or without /proc
  }
}

/** Tells apart the writers of one process. */
let writers = 0;

/** A name that no living writer has: `PLACE-PROCESS-N`. */
export const newWriter = (): string => `${WRITERS_PLACE}-${process.pid}-${writers++}`;

/** Whether a writer was a process of this place that has ended. Of other machines and containers, which may share the place, nothing is known. */
export function isGone(writer: string): boolean {
  const [, place, pid] = /^(.*)-(\d+)-\d+$/.exec(writer) ?? [];
  return place === WRITERS_PLACE && !isRunning(Number(pid));
}

/** Whether nobody writes a file any more: its writer is gone, or it has been still for an hour. */
export const isAbandoned = (writer: string, modifiedMs: number): boolean =>
  isGone(writer) || Date.now() - modifiedMs > ABANDONED_MS;

/** Whether a process of this machine lives. */
export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // it is another user's
  }
}
