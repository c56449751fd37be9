import { expect, test } from "vitest";
import type { DType } from "../spec.js";
import { booleans, dictionary, element, integers, paddings, tensorType } from "./text.js";

test("types name the sizes, then the element", () => {
  expect(tensorType({ shape: [2, 3], dtype: "float32" })).toBe("tensor<2x3xf32>");
  expect(tensorType({ shape: [], dtype: "bool" })).toBe("tensor<i1>");
});

test.each<[number, DType, string]>([
  [1, "float32", "1.0"],
  [-2.5, "float32", "-2.5"],
  [-0, "float32", "-0.0"],
  [1e21, "float64", "1.0e+21"],
  [-5e-324, "float64", "-5.0e-324"],
  [Math.fround(0.1), "float32", "0.10000000149011612"],
  [Number.POSITIVE_INFINITY, "float32", "0x7F800000"],
  [Number.NEGATIVE_INFINITY, "float64", "0xFFF0000000000000"],
  [Number.NaN, "bfloat16", "0x7FC0"],
  [-(2 ** 31), "int32", "-2147483648"],
  [1, "bool", "true"],
  [0, "bool", "false"],
])("%d in %s is %s", (value, dtype, text) => {
  expect(element(value, dtype)).toBe(text);
});

test("attributes", () => {
  expect(integers([1, 2])).toBe("array<i64: 1, 2>");
  expect(integers([])).toBe("array<i64>");
  expect(booleans([true, false])).toBe("array<i1: true, false>");
  expect(paddings([1, 2].map((width) => [0, width]))).toBe("dense<[[0, 1], [0, 2]]> : tensor<2x2xi64>");
  expect(dictionary({ a: "1 : i32", b: `"x"` })).toBe(`{a = 1 : i32, b = "x"}`);
  expect(dictionary({})).toBe("");
});
