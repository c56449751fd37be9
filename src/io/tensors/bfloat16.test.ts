import { expect, test } from "vitest";
import { narrow, widen } from "./bfloat16.js";

test("halfway cases go to the even neighbour, large numbers to infinity, NaN to NaN", () => {
  const ulp = 2 ** -7;
  const values = [1, 1 + ulp / 2, 1 + 1.5 * ulp, 1 + 0.6 * ulp, -(1 + ulp), 3.4e38, Number.NaN, 0, 1e-40];
  const expected = [1, 1, 1 + 2 * ulp, 1 + ulp, -(1 + ulp), Number.POSITIVE_INFINITY, Number.NaN, 0];
  const rounded = widen(narrow(Float32Array.from(values)));
  expect([...rounded.subarray(0, 8)]).toEqual(expected);
  expect(Math.abs(rounded[8] / Math.fround(1e-40) - 1)).toBeLessThan(2 ** -8 * 2 ** 7); // subnormal: fewer digits
});

test("what bfloat16 can say survives both ways", () => {
  const bits = Uint16Array.from({ length: 0x7f81 }, (_, i) => i); // every number from 0 to infinity
  expect(narrow(widen(bits))).toEqual(bits);
});
