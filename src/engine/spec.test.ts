import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { checkElements, spec } from "./spec.js";

test("elements of another context are what they are: Jest and threads have classes of their own", () => {
  const elements = runInNewContext("new Float32Array(6)");
  expect(elements instanceof Float32Array).toBe(false);
  expect(() => checkElements(elements, spec([2, 3]), "here")).not.toThrow();
  expect(() => checkElements(elements, spec([2, 2]), "here")).toThrow(
    "here: expected 4 elements for float32[2,2], got 6",
  );
});

test("what holds no such elements is named", () => {
  const named = (data: unknown) => () => checkElements(data, spec([1]), "here");
  expect(named(new Int32Array(1))).toThrow("here: expected Float32Array for float32[1], got Int32Array");
  expect(named(Buffer.alloc(1))).toThrow("got Uint8Array");
  expect(named([1])).toThrow("got object");
});
