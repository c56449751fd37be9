/** @file The competitor's side of the protocol, for competitors that run in Node. */
import { createInterface } from "node:readline";
import type { Done, Ended, Ready, Task } from "../protocol.js";

/** A competitor that is ready. */
export interface Prepared extends Ready {
  /** One unit of work; returns `Done.seen`. */
  work(): Promise<number[]>;
}

/** Answers the suite until it has no more to ask, then ends the process. */
export async function serve<Given = Task>(prepare: (task: Given) => Promise<Prepared>): Promise<never> {
  const reply = (message: Ready | Done | Ended) => process.stdout.write(`${JSON.stringify(message)}\n`);
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const { startMs, work } = await prepare(JSON.parse((await lines.next()).value) as Given);
  reply({ startMs });
  for (let line = await lines.next(); !line.done; line = await lines.next()) {
    const began = performance.now();
    const seen = await work();
    reply({ ms: performance.now() - began, seen });
  }
  reply({ peakBytes: process.resourceUsage().maxRSS * 1024 });
  process.exit(0);
}

/** A result, and the milliseconds it took. */
export async function timed<T>(work: () => Promise<T>): Promise<[result: T, ms: number]> {
  const began = performance.now();
  const result = await work();
  return [result, performance.now() - began];
}

/** Mean of the bytes of pictures, and of their squares. */
export function means(bytes: Uint8Array): number[] {
  const meanOf = (value: (byte: number) => number) => bytes.reduce((sum, byte) => sum + value(byte), 0) / bytes.length;
  return [meanOf((byte) => byte), meanOf((byte) => byte ** 2)];
}
