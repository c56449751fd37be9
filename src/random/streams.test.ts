import { expect, test } from "vitest";
import { foldIn, keyFromSeed } from "./random.js";
import { STREAMS, streamKey } from "./streams.js";

test("no two streams have the same number", () => {
  const numbers = Object.values(STREAMS);
  expect(new Set(numbers).size).toBe(numbers.length);
});

test("a stream's key is the seed folded with its number: runs resumed by a later version depend on it", () => {
  expect(streamKey(7, "batchOrder")).toEqual(foldIn(keyFromSeed(7), 11));
  expect(streamKey(7, "trainingLatents")).toEqual(foldIn(keyFromSeed(7), 101));
});
