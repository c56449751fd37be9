/** @file What can go wrong between the engine and a plugin. `explain.ts` turns it into sentences for the user. */

/** PJRT's error codes by number, which are those of Abseil's statuses. */
const CODES = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
] as const;

export type PjrtCode = (typeof CODES)[number];

/** An error that a plugin reports. */
export class PjrtError extends Error {
  override name = "PjrtError";
  readonly code: PjrtCode;

  /**
   * @param message - the plugin's words
   * @param entry - the entry that reported it: "PJRT_Client_Create"
   */
  constructor(
    message: string,
    code: number,
    readonly entry: string,
  ) {
    super(message);
    this.code = CODES[code] ?? "UNKNOWN";
  }
}

/** Why a file cannot serve as a plugin. */
export type PluginFault =
  /** The operating system has no plugins. */
  | { kind: "platform"; platform: string }
  /** The dynamic linker refuses it; in its words. */
  | { kind: "not-loadable"; reason: string }
  /** The process has another plugin, at this path. */
  | { kind: "another"; loaded: string }
  /** A library, but not one of PJRT. */
  | { kind: "no-plugin" }
  /** A version of PJRT that the binding does not speak. */
  | { kind: "version"; major: number; minor: number }
  /** It has no function where PJRT has this one. */
  | { kind: "missing-entry"; entry: string };

/** A file that cannot serve as a plugin. */
export class PluginError extends Error {
  override name = "PluginError";

  constructor(
    readonly path: string,
    readonly fault: PluginFault,
  ) {
    super(`${path}: ${JSON.stringify(fault)}`);
  }
}
