/** @file What the runtime's thread asks of a device: sessions on it, and arrays that live there. */
import type { InferenceSession, Tensor } from "onnxruntime-node";
import type { TypedArray } from "../spec.js";
import type { ArrayInfo, LoadRequest, TensorInfo } from "./protocol.js";

export interface Device {
  load(request: LoadRequest): Promise<InferenceSession>;
  /** Runs a session; the results are those named, in their order, kept ones on the device. */
  run(session: InferenceSession, feeds: Record<string, Tensor>, outputs: readonly TensorInfo[]): Promise<Tensor[]>;
  /** Copies elements to the device. */
  upload(info: ArrayInfo, data: TypedArray): Promise<Tensor>;
  /** A copy of the elements of an array on the device. */
  download(array: Tensor): Promise<TypedArray>;
  /** Takes back an array on the device that nothing needs any more. */
  free(array: Tensor): void;
}
