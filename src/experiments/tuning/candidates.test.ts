import { expect, test } from "vitest";
import { candidatesOf } from "./candidates.js";

const settings = (...args: Parameters<typeof candidatesOf>) => candidatesOf(...args).map((each) => each.settings);

test("every choice of the values is a candidate, the last list fastest", () => {
  expect(settings(["a=1,2", "b=x,y"])).toEqual([
    ["a=1", "b=x"],
    ["a=1", "b=y"],
    ["a=2", "b=x"],
    ["a=2", "b=y"],
  ]);
  const names = candidatesOf(["a=1,2,3,4,5,6,7,8,9,10"]).map(({ name }) => name);
  expect([names[0], names[9]]).toEqual(["01", "10"]);
});

test("commas within brackets part nothing", () => {
  expect(settings(['s={"shares":"list","values":[1,2]},on'])).toEqual([
    ['s={"shares":"list","values":[1,2]}'],
    ["s=on"],
  ]);
});

test("where there are more than wanted, some are drawn: by the seed, and none twice", () => {
  const tries = ["a=1,2,3,4", "b=1,2,3,4"];
  const drawn = settings(tries, { most: 5, seed: 1 });
  expect(new Set(drawn.map((each) => each.join())).size).toBe(5);
  expect(settings(tries, { most: 5, seed: 1 })).toEqual(drawn);
  expect(settings(tries, { most: 5, seed: 2 })).not.toEqual(drawn);
  expect(settings(tries, { most: 16 })).toHaveLength(16);
});

test.each([
  [["a"], "got a."],
  [["a=1,,2"], "got a=1,,2."],
  [["a=1,1"], "got a=1,1."],
  [["a=1"], "at least two candidates"],
  [["a=1,2", "a=3,4"], "got a twice"],
])("refused: %j", (tries, message) => {
  expect(() => candidatesOf(tries)).toThrow(message);
});

test("too many for a search are refused, unless some of them are drawn", () => {
  const tries = ["a", "b", "c", "d"].map((path) => `${path}=1,2,3,4,5,6`);
  expect(() => candidatesOf(tries)).toThrow("at most 1000 candidates, got 1296");
  expect(candidatesOf(tries, { most: 10 })).toHaveLength(10);
});
