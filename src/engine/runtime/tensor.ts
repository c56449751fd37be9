/** @file Arrays as ONNX Runtime has them. */
import { Tensor } from "onnxruntime-node";
import type { DType, TypedArray } from "../spec.js";
import type { ArrayInfo } from "./protocol.js";

/** JavaScript's ONNX Runtime has no bfloat16: programs take and give its bits. */
const typeOf = (dtype: DType): Exclude<DType, "bfloat16"> | "uint16" => (dtype === "bfloat16" ? "uint16" : dtype);

/** A tensor over these elements. */
export const tensorOf = ({ dtype, shape }: ArrayInfo, data: TypedArray): Tensor =>
  new Tensor(typeOf(dtype), data, shape);
