import { InvalidArgumentError } from "commander";
import { expect, test } from "vitest";
import { batchSize, imageCount, minutes, numberAbove, threadCount, wholeNumber } from "./arguments.js";

test("whole numbers are those of digits alone, within their limits", () => {
  expect(["1", "007", "9007199254740991"].map(wholeNumber(1))).toEqual([1, 7, 2 ** 53 - 1]);
  for (const text of ["0", "-1", "1.5", "1e3", "0x10", " 1", "", "Infinity"]) {
    expect(() => wholeNumber(1)(text), text).toThrow(new InvalidArgumentError("Expected a whole number from 1 up."));
  }
  expect(() => wholeNumber(1)("9007199254740992")).toThrow("from 1 to 9.0 · 10¹⁵.");
  expect(() => wholeNumber(2, 5)("6")).toThrow("Expected a whole number from 2 to 5.");
});

test("numbers that no machine can serve are refused with the largest that is taken", () => {
  expect(() => imageCount(1)("99999999999")).toThrow("Expected a whole number from 1 to 10,000,000.");
  expect(imageCount(1)("10000000")).toBe(10_000_000);
  expect(() => batchSize("4097")).toThrow("from 1 to 4,096.");
  expect(() => threadCount("99999")).toThrow(/^Expected a whole number from 1 to [\d,]+\.$/);
  expect(() => minutes("1e300")).toThrow("Expected a number above 0 up to 10,000,000.");
});

test("numbers are finite and above their limit, or at it where it counts", () => {
  expect(["0.5", "1e3"].map(numberAbove(0))).toEqual([0.5, 1000]);
  expect(numberAbove(0, { inclusive: true })("0")).toBe(0);
  for (const text of ["0", "-1", "NaN", "Infinity", "", " ", "x"]) {
    expect(() => numberAbove(0)(text), text).toThrow("Expected a number above 0.");
  }
  expect(() => numberAbove(0, { inclusive: true })("-1")).toThrow("Expected a number from 0 up.");
});
