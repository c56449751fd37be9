import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { DIGEST_BYTES, DigestTable } from "./digest-table.js";

const digestOf = (value: number) => createHash("sha256").update(`${value}`).digest().subarray(0, DIGEST_BYTES);

test("every digest is known by the first image that had it", () => {
  const table = new DigestTable(1000);
  for (let i = 0; i < 1000; i++) expect(table.add(digestOf(i), i)).toBeUndefined();
  for (let i = 0; i < 1000; i++) expect(table.add(digestOf(i), i + 5000)).toBe(i);
});

test("digests that begin the same are told apart", () => {
  const table = new DigestTable(3);
  const digest = (last: number) => new Uint8Array(DIGEST_BYTES).with(DIGEST_BYTES - 1, last);
  expect([0, 1, 2, 1, 0].map((last, image) => table.add(digest(last), image))).toEqual([
    ...[undefined, undefined, undefined],
    ...[1, 0],
  ]);
});

test("more digests than were expected are refused instead of sought for ever", () => {
  const table = new DigestTable(1);
  table.add(digestOf(1), 0);
  expect(table.add(digestOf(1), 1)).toBe(0);
  expect(() => table.add(digestOf(2), 2)).toThrow("no more digests than the table was made for");
});
