import { expect, test } from "vitest";
import { bytesAt, wordsAt } from "../native.js";
import { namedValues } from "./named-values.js";

test("each value has its type, and lists their length", () => {
  const values = { s: "text", i: -2, list: [3, -4], f: 0.5, whole: { float: 1 }, b: true, é: false };
  const [array, length] = namedValues(values);
  expect(length).toBe(7);
  const words = array as BigUint64Array;
  const rows = Array.from({ length }, (_, index) => words.subarray(7 * index, 7 * index + 7));
  expect(rows.map((row) => [row[0], row[1]])).toEqual(Array(7).fill([56n, 0n]));
  expect(rows.map((row) => Buffer.from(bytesAt(row[2], row[3])).toString())).toEqual(Object.keys(values));
  const [s, i, list, f, whole, b, e] = rows.map(([, , , , ...typed]) => typed);
  expect([s[0], Buffer.from(bytesAt(s[1], s[2])).toString()]).toEqual([0n, "text"]);
  expect(i).toEqual([1n, 2n ** 64n - 2n, 1n]);
  expect([list[0], [...wordsAt(list[1], list[2])]]).toEqual([2n, [3n, 2n ** 64n - 4n]]);
  expect(f).toEqual([3n, 0x3f000000n, 1n]);
  expect(whole).toEqual([3n, 0x3f800000n, 1n]);
  expect(b).toEqual([4n, 1n, 1n]);
  expect(e).toEqual([4n, 0n, 1n]);
  expect(namedValues({})).toEqual([expect.objectContaining({ length: 0 }), 0]);
});
