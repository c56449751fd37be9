/** @file How long XLA compiles: told while somebody waits for it, and remembered on disk. */
import { formatBytes, formatDuration } from "../../number-format.js";
import { json, recall, remember } from "../disk-cache.js";

/** Seconds after which somebody who waits wants to know for what; what is compiled already is loaded in less. */
const PATIENCE_SECONDS = 10;

/** Programs whose times are remembered, the last ones. */
const MOST = 100;

/** A program that was compiled: bytes of its text, and how long it took. */
type Time = [bytes: number, seconds: number];

const keyOf = (plugin: string): string => `compile times ${plugin}`;
const timesOf = (plugin: string) => (recall(keyOf(plugin), json)?.value ?? []) as Time[];

/** Remembers how long a plugin has compiled a program. */
export function rememberTime(plugin: string, bytes: number, seconds: number): void {
  remember(keyOf(plugin), json, [...timesOf(plugin), [bytes, seconds]].slice(-MOST));
}

/**
 * The result of loading a program. When that takes long, says so, and how long a program like it took.
 *
 * @param plugin - path of what compiles
 * @param bytes - of the program's text
 */
export async function toldIfLong<T>(
  load: Promise<T>,
  { plugin, bytes, onNotice }: { plugin: string; bytes: number; onNotice: (message: string) => void },
): Promise<T> {
  const timer = setTimeout(() => onNotice(waiting(bytes, timesOf(plugin))), 1000 * PATIENCE_SECONDS);
  try {
    return await load;
  } finally {
    clearTimeout(timer);
  }
}

/** @param times - of other programs */
export function waiting(bytes: number, times: readonly Time[]): string {
  const distance = ([size]: Time) => Math.abs(Math.log(size / bytes));
  const [like] = [...times].sort((a, b) => distance(a) - distance(b));
  const what = `XLA compiles a program of ${formatBytes(bytes)}`;
  if (!like || distance(like) > Math.log(2)) return `${what}; later starts load it from the disk.`;
  return `${what}; one of about that size took ${formatDuration(like[1])}.`;
}
