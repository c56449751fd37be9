import { expect, test } from "vitest";
import { type Coordinate, coordinateDescent, type SearchOptions } from "./coordinate-descent.js";

type Point = readonly number[];

const VALUES = [-2, -1, 0, 1, 2, 3];

/** All values of each of so many numbers. */
const coordinates = (count: number): Coordinate<Point>[] =>
  Array.from({ length: count }, (_, place) => ({
    name: `x${place}`,
    most: VALUES.length - 1,
    choices: (at) => VALUES.filter((value) => value !== at[place]).map((value) => at.with(place, value)),
  }));

/** A bowl with its lowest point at (1, −2, 3), whose axes lean on one another; what is left of noise falls with the count. */
const bowl = ([x, y, z]: Point, count: number) =>
  (x - 1) ** 2 + (y + 2) ** 2 + (z - 3) ** 2 + 0.5 * (x - 1) * (z - 3) + (Math.sin(13 * x + 7 * y + 3 * z) * 4) / count;

const search = (changes: Partial<SearchOptions<Point>> = {}) =>
  coordinateDescent<Point>({
    ...{ start: [0, 0, 0], coordinates: coordinates(3), rungs: [4, 16, 64], passes: 4, keyOf: String },
    measure: async (point, count) => bowl(point, count),
    isSurelyBetter: async () => true,
    ...changes,
  });

test("the lowest point of a bowl is found, and the search ends when a pass changes nothing", async () => {
  const passes = new Set<number>();
  let total = 0;
  const found = await search({
    onProgress: (progress) => {
      total = progress.total;
      passes.add(Math.floor(progress.done / (total / 4)));
    },
  });
  expect(found).toEqual({ point: [1, -2, 3], isComplete: true });
  expect([...passes].sort()).not.toContain(3); // of four passes the last is not needed
});

test("of six points half go on to each rung, and the one that the search came from is never discarded early", async () => {
  const measured: [number, number][] = [];
  const measure = async ([x]: Point, count: number) => {
    measured.push([x, count]);
    return count < 64 ? -x : x === 0 ? -9 : -x; // 0 looks worse than the positive ones until the last rung
  };
  const found = await search({ start: [0], coordinates: coordinates(1), passes: 1, measure });
  expect(found.point).toEqual([0]);
  const at = (count: number) => measured.filter(([, used]) => used === count).map(([x]) => x);
  expect(at(4)).toEqual([0, -2, -1, 1, 2, 3]);
  expect(at(16)).toEqual([0, 1, 2, 3]);
  expect(at(64)).toEqual([0, 2, 3]);
});

test("a point that may be better by chance alone changes nothing", async () => {
  const asked: string[] = [];
  const isSurelyBetter = async (point: Point, than: Point) => {
    asked.push(`${point} than ${than}`);
    return bowl(than, 64) - bowl(point, 64) > 2;
  };
  const found = await search({ isSurelyBetter });
  expect(found).toEqual({ point: [2, -2, 3], isComplete: true }); // x = 1 instead of 2 gains 1 alone
  expect(asked[0]).toBe("2,0,0 than 0,0,0");
});

test("at a tie nothing changes; points without a value are never taken", async () => {
  expect((await search({ measure: async () => 1 })).point).toEqual([0, 0, 0]);
  const measure = async (point: Point) => (String(point) === "0,0,0" ? 5 : Number.POSITIVE_INFINITY);
  expect((await search({ measure })).point).toEqual([0, 0, 0]);
});

test("when time is over the best point of the coordinates that were decided is given", async () => {
  let left = 18; // two coordinates take 6 + 4 + 3 at most
  const isOver = () => left-- <= 0;
  expect(await search({ isOver })).toEqual({ point: [2, 0, 0], isComplete: false });
});

test("progress rises to no more than was announced, also where a coordinate has no choices", async () => {
  const seen: number[] = [];
  let total = 0;
  const none = { name: "none", most: 2, choices: () => [] };
  await search({
    coordinates: [none, ...coordinates(3)],
    measure: async (point, count, onDrawn) => {
      onDrawn(count);
      return bowl(point, count);
    },
    onProgress: (progress) => {
      seen.push(progress.done);
      total = progress.total;
    },
  });
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  expect(seen.at(-1)).toBeLessThanOrEqual(total);
});
