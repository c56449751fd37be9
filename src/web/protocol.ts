/** @file What the page and the thread that computes for it say to one another. */
import { type ErrorCode, type ErrorDetails, UserError } from "../errors.js";
import type { DrawnPart, DrawRequest, Encoded, EncodeRequest } from "./drawing.js";
import type { GraphName, WebDevice, WebModelInfo } from "./manifest.js";

export interface OpenRequest {
  /** Of the manifest. */
  url: string;
  /** Of the folder with the runtime's files; by default the model's own. */
  runtimeUrl?: string;
  /** Where the page comes from: only from there a model may bring code. */
  pageOrigin: string;
  device: WebDevice | "auto";
  threads: number;
}

export interface Opened {
  info: WebModelInfo;
  device: WebDevice;
  /** Graphs that there are. */
  graphs: GraphName[];
  notes: string[];
}

/** Every kind of work with what it takes, what it gives at the end, and what it tells on the way. */
export interface Work {
  open: { request: OpenRequest; result: Opened; told: { done: number; total: number } };
  prepare: { request: { graph: GraphName }; result: undefined; told: never };
  draw: { request: DrawRequest; result: { labels: Int32Array }; told: DrawnPart };
  encode: { request: EncodeRequest; result: Encoded; told: never };
}

export type WorkKind = keyof Work;

/** To the thread. */
export type ToWorker =
  | { [Kind in WorkKind]: { id: number; kind: Kind; request: Work[Kind]["request"] } }[WorkKind]
  | { id: number; kind: "abort" };

/** From the thread. */
export type FromWorker =
  | { id: number; told: Work[WorkKind]["told"] }
  | { id: number; result: Work[WorkKind]["result"] }
  | { id: number; error: SentError };

/** An error as a message carries it. */
export interface SentError {
  message: string;
  user?: { code: ErrorCode; details: ErrorDetails };
}

export const sentError = (error: unknown): SentError => ({
  message: error instanceof Error ? error.message : String(error),
  ...(error instanceof UserError ? { user: { code: error.code, details: error.details } } : {}),
});

export const receivedError = ({ message, user }: SentError): Error =>
  user ? new UserError(user.code, message, { details: user.details }) : new Error(message);
