import { expect, test } from "vitest";
import { spec } from "../engine/index.js";
import { portionsOf } from "./update-program.js";

test("parameters are renewed in portions of enough elements, in order", () => {
  const specs = [4, 1, 3, 9, 2].map((size) => spec([size]));
  expect(portionsOf(specs, 5)).toEqual([[specs[0], specs[1]], [specs[2], specs[3]], [specs[4]]]);
  expect(portionsOf(specs, 100)).toEqual([specs]);
  expect(portionsOf(specs, 1)).toEqual(specs.map((one) => [one]));
});
