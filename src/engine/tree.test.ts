import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { isPlainObject } from "./tree.js";

test("plain objects of every context are plain; arrays, views and instances of classes are not", () => {
  for (const value of [{}, { a: 1 }, runInNewContext("({ a: 1 })")]) expect(isPlainObject(value)).toBe(true);
  const others = [[], new Float32Array(1), new (class A {})(), new Map(), null, undefined, "text", Object.create(null)];
  for (const value of [...others, runInNewContext("[]"), runInNewContext("new Float32Array(1)")]) {
    expect(isPlainObject(value)).toBe(false);
  }
});
