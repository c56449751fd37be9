import { expect, test } from "vitest";
import { classifierSide } from "./seen-side.js";

test("the classifier sees the next multiple of 8 below, from 8 to 64", () => {
  expect([4, 8, 15, 16, 28, 32, 64, 100, 256].map(classifierSide)).toEqual([8, 8, 8, 16, 24, 32, 64, 64, 64]);
});
