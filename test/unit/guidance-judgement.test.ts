/** @file What the guidance measurement makes of a classifier's answers. */
import { expect, test } from "vitest";
import { distinctNearest, interval, judgementOf, meanDistance } from "../../bench/guidance/judgement.js";
import { cells } from "../../bench/guidance/table.js";

test("the class of a picture is its largest logit, its feature vector has length 1", () => {
  const pooled = Float32Array.of(3, 4, 0, 5, 0, 0);
  const { classes, features } = judgementOf({ pooled, logits: Float32Array.of(0, 1, 1, 0, -2, -1) }, 3);
  expect([...classes]).toEqual([1, 0, 1]);
  expect(features.map((row) => [...row])).toEqual([
    [Math.fround(0.6), Math.fround(0.8)],
    [0, 1],
    [0, 0],
  ]);
});

test("intervals are Wilson's", () => {
  const [low, high] = interval(8, 10);
  expect(low).toBeCloseTo(0.4902, 3);
  expect(high).toBeCloseTo(0.9433, 3);
  expect(interval(0, 10)[0]).toBeCloseTo(0);
});

test("pictures that are all alike have no spread, and one nearest training image", () => {
  const axis = (index: number) => Float32Array.from({ length: 3 }, (_, i) => (i === index ? 1 : 0));
  const corners = [0, 1, 2].map(axis);
  expect(meanDistance(corners)).toBeCloseTo(Math.SQRT2);
  expect(meanDistance([corners[0], corners[0]])).toBe(0);
  expect(distinctNearest([corners[1], corners[1], corners[1]], corners)).toBe(1);
  const training = { classes: Int32Array.of(0, 0, 0), labels: Int32Array.of(0, 0, 0), features: corners };
  const collapsed = { ...training, classes: Int32Array.of(0, 1, 0), features: corners.map(() => corners[1]) };
  expect(cells(training, training, ["one"])).toEqual(["3", "100 (44–100)", "1.00", "1.00", "", "100"]);
  expect(cells(collapsed, training, ["one"], 5)).toEqual(["3", "67 (21–94)", "0.00", "0.33", "5", "67"]);
});
