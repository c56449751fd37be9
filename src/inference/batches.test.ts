import { expect, test } from "vitest";
import { portions, rows } from "./batches.js";

test("portions cover all images in order; the last one is filled up with the last image", () => {
  expect([...portions(5, 2)]).toEqual([
    { indices: [0, 1], first: 0, used: 2 },
    { indices: [2, 3], first: 2, used: 2 },
    { indices: [4, 4], first: 4, used: 1 },
  ]);
  expect([...portions(2, 4)]).toEqual([{ indices: [0, 1, 1, 1], first: 0, used: 2 }]);
  expect([...portions(0, 4)]).toEqual([]);
  expect(() => [...portions(1, 0)]).toThrow("Expected at least one image at a time, got 0.");
});

test("progress is told after each portion's work, and not of one that was left", () => {
  const seen: (string | [number, number])[] = [];
  for (const { first } of portions(5, 2, { onProgress: (...done) => seen.push(done) })) seen.push(`at ${first}`);
  expect(seen).toEqual(["at 0", [2, 5], "at 2", [4, 5], "at 4", [5, 5]]);
  seen.length = 0;
  for (const { first } of portions(5, 2, { onProgress: (...done) => seen.push(done) })) if (first === 2) break;
  expect(seen).toEqual([[2, 5]]);
});

test("an aborted signal ends the work before the next portion", () => {
  const stopping = new AbortController();
  const seen: number[] = [];
  const work = () => {
    for (const { first } of portions(5, 2, { signal: stopping.signal })) {
      seen.push(first);
      if (first === 2) stopping.abort(new Error("enough"));
    }
  };
  expect(work).toThrow("enough");
  expect(seen).toEqual([0, 2]);
});

test("rows are taken by index, in the order asked for", () => {
  expect(rows(Float32Array.of(0, 1, 10, 11, 20, 21), [2, 0, 2], 2)).toEqual(Float32Array.of(20, 21, 0, 1, 20, 21));
});
