/** @file Types, numbers and attributes as MLIR writes them. */
import type { Interval } from "../graph/graph.js";
import type { DType } from "../spec.js";

/** Shape and element type of an array. */
export interface ArrayType {
  readonly shape: readonly number[];
  readonly dtype: DType;
}

const elementTypes: Record<DType, string> = {
  float32: "f32",
  float64: "f64",
  int32: "i32",
  bool: "i1",
  bfloat16: "bf16",
};

/** `tensor<2x3xf32>` */
export const tensorType = ({ shape, dtype }: ArrayType): string =>
  `tensor<${[...shape, elementTypes[dtype]].join("x")}>`;

/** Bits of the numbers that decimal digits do not say. */
const notFinite: Partial<Record<DType, { infinity: string; minusInfinity: string; nan: string }>> = {
  float32: { infinity: "0x7F800000", minusInfinity: "0xFF800000", nan: "0x7FC00000" },
  float64: { infinity: "0x7FF0000000000000", minusInfinity: "0xFFF0000000000000", nan: "0x7FF8000000000000" },
  bfloat16: { infinity: "0x7F80", minusInfinity: "0xFF80", nan: "0x7FC0" },
};

/** An element, to the last digit: `1.0`, `-0.0`, `1.0e+21`, `0x7F800000`, `7`, `true`. */
export function element(value: number, dtype: DType): string {
  if (dtype === "bool") return value === 0 ? "false" : "true";
  const bits = notFinite[dtype];
  if (!bits) return String(value);
  if (Number.isNaN(value)) return bits.nan;
  if (!Number.isFinite(value)) return value > 0 ? bits.infinity : bits.minusInfinity;
  const digits = Object.is(value, -0) ? "-0" : String(value);
  return digits.includes(".") ? digits : digits.replace(/^-?\d+/, "$&.0"); // a float needs its point
}

/** `array<i64: 1, 2>` */
export const integers = (values: readonly number[]): string => array("i64", values);

/** `array<i1: true, false>` */
export const booleans = (values: readonly boolean[]): string => array("i1", values);

const array = (type: string, values: readonly unknown[]) =>
  values.length > 0 ? `array<${type}: ${values.join(", ")}>` : `array<${type}>`;

/** What is added before and after along each axis: `dense<[[1, 1], [0, 2]]> : tensor<2x2xi64>`. */
export const paddings = (widths: readonly Interval[]): string =>
  `dense<[${widths.map(list).join(", ")}]> : tensor<${widths.length}x2xi64>`;

/** `[1, 2]` */
export const list = (values: readonly unknown[]): string => `[${values.join(", ")}]`;

/** `{a = 1, b = 2}`; nothing where there are none. */
export function dictionary(attributes: Readonly<Record<string, string>>): string {
  const entries = Object.entries(attributes).map(([name, value]) => `${name} = ${value}`);
  return entries.length > 0 ? `{${entries.join(", ")}}` : "";
}
