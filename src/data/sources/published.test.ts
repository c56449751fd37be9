import { expect, test } from "vitest";
import { officialSplits, type Part, partNamed, placesOf } from "./published.js";

const images = (part: Part, count: number, prefix: string = part) =>
  Array.from({ length: count }, (_, index) => ({ name: `${prefix}/${index}`, part }));

test("parts are splits, and a tenth of the test images is watched too", () => {
  const splits = officialSplits([...images("train", 3000), ...images("test", 3000)]);
  expect(splits.slice(0, 3000).every((image) => image.split === "train" && !("alsoValidation" in image))).toBe(true);
  expect(splits.slice(3000).every(({ split }) => split === "test")).toBe(true);
  const watched = splits.filter(({ alsoValidation }) => alsoValidation).length;
  expect(watched).toBeGreaterThan(250);
  expect(watched).toBeLessThan(350);
});

test("which test images are watched depends on their names alone", () => {
  const all = officialSplits(images("test", 500));
  const fewer = officialSplits([...images("train", 20), ...images("test", 400)]);
  expect(fewer.slice(20)).toEqual(all.slice(0, 400));
});

test("all of a few test images are watched", () => {
  expect(officialSplits(images("test", 9)).every(({ alsoValidation }) => alsoValidation)).toBe(true);
});

test("training images alone are divided in 90, 5 and 5 %", () => {
  const splits = officialSplits(images("train", 3000)).map(({ split }) => split);
  for (const split of ["validation", "test"]) {
    const share = splits.filter((name) => name === split).length / 3000;
    expect(share).toBeGreaterThan(0.035);
    expect(share).toBeLessThan(0.065);
  }
});

test("folders name parts in the usual words", () => {
  expect(["train", "Training", "test", "val", "valid", "Validation"].map(partNamed)).toEqual([
    ...["train", "train", "test", "test", "test", "test"],
  ]);
  expect(["cat", "constructor", "", undefined].map(partNamed)).toEqual([undefined, undefined, undefined, undefined]);
});

test.each<[string, string[], [Part, string, string][]]>([
  [
    "no folders",
    ["1.png", "2.png"],
    [
      ["train", "1.png", "1.png"],
      ["train", "2.png", "2.png"],
    ],
  ],
  [
    "parts",
    ["train/a/1", "val/a/1"],
    [
      ["train", "train/a/1", "a/1"],
      ["test", "val/a/1", "a/1"],
    ],
  ],
  [
    "parts in folders around all",
    ["x/y/train/1", "x/y/test/1"],
    [
      ["train", "train/1", "1"],
      ["test", "test/1", "1"],
    ],
  ],
  [
    "one part",
    ["x/val/a/1", "x/val/a/2"],
    [
      ["test", "val/a/1", "a/1"],
      ["test", "val/a/2", "a/2"],
    ],
  ],
  [
    "classes in a folder around all",
    ["x/a/1", "x/b/1"],
    [
      ["train", "a/1", "a/1"],
      ["train", "b/1", "b/1"],
    ],
  ],
  [
    "folders that only begin alike",
    ["abc/1", "abd/1"],
    [
      ["train", "abc/1", "abc/1"],
      ["train", "abd/1", "abd/1"],
    ],
  ],
  [
    "a class called train",
    ["train/1", "bus/1"],
    [
      ["train", "train/1", "train/1"],
      ["train", "bus/1", "bus/1"],
    ],
  ],
  ["nothing", [], []],
])("places images with %s", (_, names, places) => {
  expect(placesOf(names)).toEqual(places.map(([part, name, rest]) => ({ part, name, rest })));
});
