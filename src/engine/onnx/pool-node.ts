/** @file Pooling as ONNX says it. */
import type { Operations } from "../graph/graph.js";
import type { Attribute } from "./model.js";

/** Operator, operands and attributes; by default the mean is that of the real pixels. */
export function poolNode(
  x: string,
  { op, window, strides, padding }: Operations["pool"],
): [opType: string, inputs: string[], attributes: Record<string, Attribute>] {
  const pads = [0, 1].flatMap((side) => padding.map((width) => width[side]));
  return [op === "max" ? "MaxPool" : "AveragePool", [x], { kernel_shape: window, strides, pads }];
}
