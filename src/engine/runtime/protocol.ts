/** @file What the runtime and its worker thread say to each other. */
import type { DType, TypedArray } from "../spec.js";

export interface ArrayInfo {
  dtype: DType;
  shape: number[];
}

/** An input or output of a program. */
export interface TensorInfo extends ArrayInfo {
  name: string;
}

/** Settings of the worker's sessions. */
export interface WorkerSettings {
  threads: number;
}

/** Names an array that lives in the worker. */
export type ArrayId = number;

export type Request =
  | { kind: "load"; program: number; model: Uint8Array; inputs: TensorInfo[]; outputs: TensorInfo[]; optimise: boolean }
  | { kind: "unload"; program: number }
  /** `inputs` are elements, or names of arrays in the worker; `keep` gives outputs that stay there their names. */
  | { kind: "run"; program: number; inputs: (TypedArray | ArrayId)[]; keep: (ArrayId | null)[] }
  | { kind: "put"; array: ArrayId; info: ArrayInfo; data: TypedArray }
  | { kind: "read"; array: ArrayId };

/** Results of a run: elements, or null for an output that stayed in the worker. */
export type Response = { id: number; result: unknown } | { id: number; error: Error };

/** A request, and arrays that nothing needs from now on. */
export type Envelope = { id: number; request: Request; freed: ArrayId[] };
