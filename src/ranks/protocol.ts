/** @file What a process and its thread that calls MPI say to each other. */
import type { Launcher } from "./launcher.js";

/** What the thread is started with. */
export interface MpiSettings {
  launcher: Launcher;
  /** A rank that has given no sign of life for so long is lost. */
  timeoutMs: number;
  /** int32 [1], shared: changes as long as the thread gets on. */
  beat: Int32Array<SharedArrayBuffer>;
}

export type MpiRequest =
  | { kind: "begin" }
  | { kind: "sum"; arrays: readonly Float32Array<ArrayBuffer>[] }
  | { kind: "gather"; bytes: Uint8Array }
  /** Without bytes but on rank 0. */
  | { kind: "broadcast"; bytes: Uint8Array | undefined }
  | { kind: "close" };

/** Answers the first request. */
export interface Begun {
  rank: number;
  size: number;
  library: string;
}
