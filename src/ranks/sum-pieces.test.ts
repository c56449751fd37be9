import { expect, test } from "vitest";
import { addPieces } from "./sum-pieces.js";

/** Numbers whose float32 sums depend on the order. */
const value = (i: number) => Math.fround(Math.sin(i + 1) * 10 ** (i % 7));

test.each([1, 2, 3, 4, 5, 8])("pieces of %i ranks are added as a tree", (count) => {
  const length = 5;
  const pieces = Float32Array.from({ length: length * count }, (_, i) => value(i));
  const tree = (element: number, first: number, some: number): number => {
    if (some === 1) return value(first * length + element);
    const left = Math.ceil(some / 2);
    return Math.fround(tree(element, first, left) + tree(element, first + left, some - left));
  };
  const expected = Array.from({ length }, (_, element) => tree(element, 0, count));
  expect([...addPieces(pieces, count)]).toEqual(expected);
});
