import { expect, test } from "vitest";
import { fromBytes, toBytes } from "./pictures.js";

test("all 256 levels survive the way to [-1, 1] and back", () => {
  const levels = Uint8Array.from({ length: 256 }, (_, level) => level);
  expect(toBytes(fromBytes(levels))).toEqual(levels);
});

test("values are rounded and clipped, and written at an offset", () => {
  const bytes = toBytes(Float32Array.of(-3, 0, 0.999, 1e30), new Uint8Array(6), 1);
  expect([...bytes]).toEqual([0, 0, 128, 255, 255, 0]);
});

test("NaN is no picture", () => {
  expect(() => toBytes(Float32Array.of(0, Number.NaN))).toThrow("Expected pixels from the model, got NaN");
});
