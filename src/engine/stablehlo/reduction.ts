/** @file Operations that combine many numbers two at a time: reductions, pooling, sums into rows. */
import type { Atom, Equation, Interval, Reduction } from "../graph/graph.js";
import type { DType } from "../spec.js";
import type { FunctionBody, Tensor } from "./function-body.js";
import { type ArrayType, integers, list, paddings, tensorType } from "./text.js";

/** What becomes of two numbers: `stablehlo.add` of them; without a name the second one. */
function combiner(dtype: DType, name?: string): string {
  const type = tensorType({ shape: [], dtype });
  const combined = name ? `%combined = "${name}"(%left, %right) : (${type}, ${type}) -> ${type} ` : "";
  const result = name ? "%combined" : "%right";
  return `({ ^bb0(%left: ${type}, %right: ${type}): ${combined}"stablehlo.return"(${result}) : (${type}) -> () })`;
}

const combiners: Record<Reduction, string> = {
  sum: "stablehlo.add",
  prod: "stablehlo.multiply",
  min: "stablehlo.minimum",
  max: "stablehlo.maximum",
  and: "stablehlo.and",
  or: "stablehlo.or",
};

/** What changes no number that it is combined with. */
function neutral(op: Reduction, dtype: DType): number {
  switch (op) {
    case "sum":
    case "or":
      return 0;
    case "prod":
    case "and":
      return 1;
    case "min":
      return dtype === "int32" ? 2 ** 31 - 1 : Number.POSITIVE_INFINITY;
    case "max":
      return dtype === "int32" ? -(2 ** 31) : Number.NEGATIVE_INFINITY;
    default:
      return op satisfies never;
  }
}

/** Writes `name`, which combines the numbers of `x`. */
function reduction(
  name: "stablehlo.reduce" | "stablehlo.reduce_window",
  op: Reduction,
  x: Tensor,
  shape: readonly number[],
  attributes: Record<string, string>,
  body: FunctionBody,
): Tensor {
  const { dtype } = x;
  const start = body.filled(neutral(op, dtype), { shape: [], dtype });
  return body.operation(name, [x, start], { shape, dtype }, attributes, combiner(dtype, combiners[op]));
}

export function reduce(x: Tensor, op: Reduction, axes: readonly number[], body: FunctionBody): Tensor {
  const shape = x.shape.filter((_, axis) => !axes.includes(axis));
  return reduction("stablehlo.reduce", op, x, shape, { dimensions: integers(axes) }, body);
}

/** The largest pixel of each window, or their sum over the number of those that lie in the image. */
export function pool({ inputs, params, outputs }: Equation<"pool">, body: FunctionBody): Tensor {
  const { op, window, strides, padding } = params;
  const none: Interval = [0, 0];
  const attributes = {
    window_dimensions: integers([1, 1, ...window]),
    window_strides: integers([1, 1, ...strides]),
    padding: paddings([none, none, ...padding]),
  };
  const x = body.tensor(inputs[0]);
  const [type] = outputs;
  const windows = (of: Tensor, how: Reduction, shape: readonly number[]) =>
    reduction("stablehlo.reduce_window", how, of, shape, attributes, body);
  if (op === "max") return windows(x, "max", type.shape);
  const pixels = body.filled(1, { shape: [1, 1, ...x.shape.slice(2)], dtype: x.dtype });
  const counts = body.broadcast(windows(pixels, "sum", [1, 1, ...type.shape.slice(2)]), type.shape);
  return body.operation("stablehlo.divide", [windows(x, "sum", type.shape), counts], type);
}

/** Zeros with rows added, or put, along axis 0. */
export function scatter({ inputs, params, outputs }: Equation<"scatter">, body: FunctionBody): Tensor {
  const [rows, index] = inputs.map((input: Atom) => body.tensor(input));
  const type: ArrayType = outputs[0];
  const windowAxes = type.shape.slice(1).map((_, axis) => index.shape.length + axis);
  const numbers = [
    `update_window_dims = ${list(windowAxes)}`,
    "inserted_window_dims = [0]",
    "scatter_dims_to_operand_dims = [0]",
    `index_vector_dim = ${index.shape.length}`,
  ].join(", ");
  const attributes = {
    scatter_dimension_numbers: `#stablehlo.scatter<${numbers}>`,
    indices_are_sorted: "false",
    unique_indices: "false",
  };
  const region = combiner(type.dtype, params.op === "add" ? combiners.sum : undefined);
  return body.operation("stablehlo.scatter", [body.filled(0, type), index, rows], type, attributes, region);
}
