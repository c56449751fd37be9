/** @file What jax-js needs and Node 20 lacks works: each of these calls threw on Node 20.20 without src/polyfill.ts. */
import { DType, numpy as np } from "@jax-js/jax";
import { expect, test } from "vitest";

test("iterators map and filter, lazily and with the index", () => {
  const seen: number[] = [];
  const doubled = [3, 4, 5].values().map((value, index) => {
    seen.push(index);
    return 2 * value;
  });
  expect(seen).toEqual([]);
  expect([...doubled]).toEqual([6, 8, 10]);
  expect(seen).toEqual([0, 1, 2]);
  expect([..."aXbX".matchAll(/X/g).map((match) => match.index)]).toEqual([1, 3]);
  expect([...new Set([1, 2, 3, 4]).values().filter((value) => value % 2 === 0)]).toEqual([2, 4]);
});

test("the helpers do not show up when an iterator is enumerated", () => {
  const keys: string[] = [];
  for (const key in [][Symbol.iterator]()) keys.push(key);
  expect(keys).toEqual([]);
});

test("einsum with subscripts as text, which goes through iterator helpers", () => {
  const left = np.array([
    [1, 2],
    [3, 4],
  ]);
  const right = np.array([
    [5, 6],
    [7, 8],
  ]);
  expect(np.einsum("ij,jk->ik", left, right).js()).toEqual([
    [19, 22],
    [43, 50],
  ]);
});

test("arrays of float64 and uint8, which go through `instanceof Float16Array`", () => {
  const array = np.array(new Float64Array([0.1, 0.2]));
  expect(array.dtype).toBe(DType.Float64);
  expect(array.js()).toEqual([0.1, 0.2]);
  expect(new Uint8Array(1) instanceof Float16Array).toBe(false);
});
