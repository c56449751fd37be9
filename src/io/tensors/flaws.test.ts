import { expect, test } from "vitest";
import * as bfloat16 from "./bfloat16.js";
import { type Flaws, flawsOf, listFlaws } from "./flaws.js";
import * as float16 from "./float16.js";
import type { Tensor } from "./tensor.js";

const values = Float32Array.of(Number.NaN, Infinity, -Infinity, 0, 65504, -1.5);
const found: Flaws = { nan: 1, infinite: 2, beyondFloat32: 0 };

test.each<[Tensor["dtype"], Tensor["data"], Flaws | undefined]>([
  ["float32", values, found],
  ["float16", float16.narrow(values), found],
  ["bfloat16", bfloat16.narrow(values), found],
  ["float64", Float64Array.from([...values, 1e39, -1e300, 3.4e38]), { nan: 1, infinite: 2, beyondFloat32: 2 }],
  ["float32", Float32Array.of(1, 2), undefined],
  ["float64", Float64Array.of(1e-300, 3.4028235e38), undefined],
  ["int64", BigInt64Array.of(1n), undefined],
  ["uint8", Uint8Array.of(255), undefined],
])("flaws of %s", (dtype, data, flaws) => {
  expect(flawsOf({ dtype, data })).toEqual(flaws);
});

test("a few tensors are named, the others counted", () => {
  const flawed = Array.from({ length: 7 }, (_, index) => [`t${index}`, { ...found, beyondFloat32: 3 }] as const);
  expect(listFlaws(flawed.slice(0, 1))).toBe("t0 (1 NaN, 2 infinite, 3 beyond the largest float32)");
  expect(listFlaws(flawed)).toMatch(/^t0 \(.*\), t1 .*t4 \(.*\) and 2 more$/);
});
