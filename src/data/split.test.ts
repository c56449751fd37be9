import { expect, test } from "vitest";
import { splitByKey } from "./split.js";

const keys = (count: number) => Array.from({ length: count }, (_, i) => `image ${i}`);
const sizes = (count: number) => {
  const found = [...splitByKey(keys(count)).values()];
  return ["train", "validation", "test"].map((split) => found.filter((each) => each === split).length);
};

test("holds out about 5 % each for validation and test", () => {
  const [train, validation, held] = sizes(20_000);
  expect(validation / 20_000).toBeCloseTo(0.05, 2);
  expect(held / 20_000).toBeCloseTo(0.05, 2);
  expect(train).toBe(20_000 - validation - held);
});

test.each([10, 11, 15, 20])("holds out at least one image each of %i", (count) => {
  const [train, validation, held] = sizes(count);
  expect(validation).toBeGreaterThanOrEqual(1);
  expect(held).toBeGreaterThanOrEqual(1);
  expect(train).toBeGreaterThan(count / 2);
});

test("holds nothing out of fewer than ten", () => {
  expect(sizes(9)).toEqual([9, 0, 0]);
  expect(sizes(0)).toEqual([0, 0, 0]);
});

test("images stay where they are when others come, and in whatever order they are named", () => {
  const before = splitByKey(keys(2000));
  const after = splitByKey(keys(3000).reverse());
  for (const [key, split] of before) expect(after.get(key)).toBe(split);
});
