/** @file What the runtime and its worker thread say to each other. */
import type { DType, TypedArray } from "../spec.js";
import type { DeviceName } from "./traits.js";

export interface ArrayInfo {
  dtype: DType;
  shape: number[];
}

/** An input or output of a program; sizes of outputs that are told only when it runs are negative. */
export interface TensorInfo extends ArrayInfo {
  name: string;
}

/** Settings of the worker's sessions. */
export interface WorkerSettings {
  device: DeviceName;
  threads: number;
}

/** A lowered program to load. */
export interface LoadRequest {
  kind: "load";
  program: number;
  code: Uint8Array;
  inputs: TensorInfo[];
  outputs: TensorInfo[];
  /** Which outputs will stay on the device. */
  keep: readonly boolean[];
  /** Whether ONNX Runtime should rewrite the graph first: worth its time where weights are constant. */
  optimise: boolean;
}

/** Names an array that lives in the worker. */
export type ArrayId = number;

export type Request =
  | LoadRequest
  | { kind: "unload"; program: number }
  /** `inputs` are elements, or names of arrays in the worker; `keep` gives outputs that stay there their names. */
  | { kind: "run"; program: number; inputs: (TypedArray | ArrayId)[]; keep: (ArrayId | null)[] }
  | { kind: "put"; array: ArrayId; info: ArrayInfo; data: TypedArray }
  | { kind: "read"; array: ArrayId }
  /** Calls the function that a module exports by default with the elements of each group of arrays, which it may change. */
  | { kind: "apply"; module: string; groups: ArrayId[][]; argument: unknown };

/** A request, and arrays that nothing needs from now on. */
export interface Message {
  request: Request;
  freed: ArrayId[];
}
