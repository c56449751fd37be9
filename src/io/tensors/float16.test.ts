import { expect, test } from "vitest";
import { narrow, widen } from "./float16.js";

test("every number but NaN comes back as it was", () => {
  const all = Uint16Array.from({ length: 2 ** 16 }, (_, bits) => bits);
  const back = narrow(widen(all));
  for (const bits of all) {
    const isNaNBits = (bits & 0x7c00) === 0x7c00 && (bits & 0x3ff) !== 0;
    if (isNaNBits) expect(widen(back.subarray(bits, bits + 1))[0]).toBeNaN();
    else if (back[bits] !== bits) expect(back[bits]).toBe(bits);
  }
});

test("known numbers of the standard", () => {
  expect([...widen(Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001, 0x0400, 0x3555, 0x7c00, 0xfc00))]).toEqual([
    1,
    -2,
    65_504,
    2 ** -24,
    2 ** -14,
    0.333251953125,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ]);
  expect(Object.is(widen(Uint16Array.of(0x8000))[0], -0)).toBe(true);
});

test("what lies between two numbers goes to the nearer one, or to the even one", () => {
  const step = 2 ** -10; // above 1
  const numbers = [1 + step / 2, 1 + 1.5 * step, 1 + 0.51 * step, 2 ** -25, 1.5 * 2 ** -24, 65_519, 65_520, -1e9];
  expect([...narrow(Float32Array.from(numbers))]).toEqual([
    0x3c00, 0x3c02, 0x3c01, 0x0000, 0x0002, 0x7bff, 0x7c00, 0xfc00,
  ]);
  expect([...narrow(Float32Array.of(Number.NaN, -0, 2047.9999))]).toEqual([0x7e00, 0x8000, 0x6800]);
});
