import { expect, test } from "vitest";
import "../../../test/support/all-close.js";
import { bilinear } from "./resampling.js";

test("an image of the same size stays, one of twice the size is interpolated, borders repeat", () => {
  expect(bilinear(3, 3)).toBeAllClose([1, 0, 0, 0, 1, 0, 0, 0, 1]);
  expect(bilinear(2, 4)).toBeAllClose([1, 0, 0.75, 0.25, 0.25, 0.75, 0, 1]);
});

test("where an image shrinks every pixel counts: the triangle is as wide as two new pixels", () => {
  // From 4 to 2: centres at 1 and 3, reach 2; pixel centres 0.5, 1.5, 2.5, 3.5.
  expect(bilinear(4, 2)).toBeAllClose([3 / 7, 3 / 7, 1 / 7, 0, 0, 1 / 7, 3 / 7, 3 / 7]);
});
