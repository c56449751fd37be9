import { expect, test } from "vitest";
import { type Portion, portions, rows, runPortions } from "./batches.js";

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

/** Answers later, as a thread does. */
const later = <T>(answer: T): Promise<T> => new Promise((resolve) => setImmediate(() => resolve(answer)));

test("the inputs of a portion are made before the result of the one before it is there, and no sooner", async () => {
  const events: string[] = [];
  const begin = async ({ first }: Portion) => {
    events.push(`inputs of ${first}`);
    const result = await later(10 * first);
    events.push(`computed ${first}`);
    return result;
  };
  for await (const { first, result } of runPortions(5, 2, begin)) events.push(`result of ${first}: ${result}`);
  expect(events).toEqual([
    ...["inputs of 0", "inputs of 2", "computed 0", "result of 0: 0"],
    ...["inputs of 4", "computed 2", "result of 2: 20", "computed 4", "result of 4: 40"],
  ]);
});

test("progress is told after each portion's work, and not of one that was left", async () => {
  const seen: (string | [number, number])[] = [];
  const onProgress = (...done: [number, number]) => seen.push(done);
  const begin = async () => {};
  for await (const { first } of runPortions(5, 2, begin, { onProgress })) seen.push(`at ${first}`);
  expect(seen).toEqual(["at 0", [2, 5], "at 2", [4, 5], "at 4", [5, 5]]);
  seen.length = 0;
  for await (const { first } of runPortions(5, 2, begin, { onProgress })) if (first === 2) break;
  expect(seen).toEqual([[2, 5]]);
});

test.each([2, 4])("an aborted signal ends the work before the next of portions of %i", async (batch) => {
  const stopping = new AbortController();
  const seen: number[] = [];
  const work = async () => {
    for await (const { first } of runPortions(8, batch, async () => {}, { signal: stopping.signal })) {
      seen.push(first);
      if (first === 8 - 2 * batch) stopping.abort(new Error("enough")); // the last portion has begun
    }
  };
  await expect(work()).rejects.toThrow("enough");
  expect(seen).toEqual(batch === 4 ? [0] : [0, 2, 4]);
});

test("the first failure is thrown; that of a portion begun meanwhile goes unheard", async () => {
  const failing = async ({ first }: Portion) => {
    throw new Error(`no inputs for ${await later(first)}`);
  };
  const work = async () => {
    for await (const _ of runPortions(5, 2, failing)) expect.unreachable();
  };
  await expect(work()).rejects.toThrow("no inputs for 0");
  await later(undefined); // a rejection that nobody handles would fail the run of the tests
});

test("rows are taken by index, in the order asked for", () => {
  expect(rows(Float32Array.of(0, 1, 10, 11, 20, 21), [2, 0, 2], 2)).toEqual(Float32Array.of(20, 21, 0, 1, 20, 21));
});
