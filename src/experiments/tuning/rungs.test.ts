import { expect, test } from "vitest";
import { rungsOf, wholeTrainings } from "./rungs.js";

test.each([
  [2, [[2, 1]]],
  [
    3,
    [
      [3, 0.5],
      [2, 1],
    ],
  ],
  [
    4,
    [
      [4, 0.5],
      [2, 1],
    ],
  ],
  [
    8,
    [
      [8, 0.25],
      [4, 0.5],
      [2, 1],
    ],
  ],
  [
    16,
    [
      [16, 0.125],
      [8, 0.25],
      [4, 0.5],
      [2, 1],
    ],
  ],
  [
    27,
    [
      [27, 0.125],
      [11, 0.25],
      [5, 0.5],
      [2, 1],
    ],
  ],
])("%i candidates: the better half goes on, twice as far, and two come to the end", (candidates, expected) => {
  expect(rungsOf(candidates).map((rung) => [rung.candidates, rung.share])).toEqual(expected);
});

test("what was trained is not trained again", () => {
  expect(wholeTrainings(rungsOf(2))).toBe(2);
  expect(wholeTrainings(rungsOf(8))).toBe(8 * 0.25 + 4 * 0.25 + 2 * 0.5);
});
