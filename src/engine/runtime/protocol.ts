/** @file What the runtime and its worker thread say to each other. */
import type { CompileOptions } from "../pjrt/compile-options.js";
import type { DType, TypedArray } from "../spec.js";
import type { DeviceName } from "./traits.js";

export interface ArrayInfo {
  dtype: DType;
  shape: number[];
}

/** An input or output of a program; sizes of outputs that are told only when it runs are negative. */
export interface TensorInfo extends ArrayInfo {
  name: string;
  /** Whether each of several devices gets its share of an input's rows only. */
  divided?: boolean;
}

/** What XLA computes with. */
export interface XlaSettings {
  /** Path of the PJRT plugin. */
  plugin: string;
  /** Devices that compute together; by default all that there are, and one where they are processors. */
  devices?: number;
  /** XLA's own options by name. */
  overrides?: CompileOptions["overrides"];
}

/** What the thread is started with. */
export type WorkerSettings =
  | { device: Exclude<DeviceName, "xla">; threads: number }
  | ({ device: "xla" } & XlaSettings);

/** Memory of a device that one run of a program takes, in bytes. */
export interface ProgramMemory {
  arguments: number;
  /** Without those that are written where an argument lay. */
  outputs: number;
  /** Between arguments and results. */
  temporary: number;
}

/** What a device says of itself. */
export interface DeviceDescription {
  /** What programs run on: "cpu", "cuda". */
  platform: string;
  version: string;
  /** Of PJRT, which the plugin speaks: "0.115". */
  pjrt: string;
  devices: { kind: string; memoryBytes: number | undefined }[];
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
  /** The elements of an array, which is no longer there. */
  | { kind: "take"; array: ArrayId }
  | { kind: "describe" }
  /** Calls the function that a module exports by default with the elements of each group of arrays, which it may change. */
  | { kind: "apply"; module: string; groups: ArrayId[][]; argument: unknown };

/** A request, and arrays that nothing needs from now on. */
export interface Message {
  request: Request;
  freed: ArrayId[];
}
