/** @file The embedded emoji as a set: all of them decoded, which takes twenty seconds of two cores. */
import { expect, test } from "vitest";
import { takeFirst } from "../../src/data/image-set.js";
import { openData } from "../../src/data/open-data.js";

test("emoji are opened with their groups, under both of their names", async () => {
  const { train, validation, test: held, skipped } = await openData("emoji:8", { resolution: 8 });
  const { count, classes, labels, images } = takeFirst(validation, validation.count);
  expect(count).toBeGreaterThan(80);
  expect([classes.length, labels.length, skipped.length]).toEqual([9, count, 0]);
  expect(train.count).toBeGreaterThan(10 * held.count);
  const again = await openData("emoji", { resolution: 8 });
  expect(takeFirst(again.validation, count)).toMatchObject({ count, images });
});
