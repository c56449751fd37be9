import { expect, test } from "vitest";
import { resolvePreset } from "../../config/index.js";
import { settleFlips } from "./flips.js";

const config = resolvePreset("emoji32-small");
const still = { ...config, training: { ...config.training, flips: false } };

test("images that cannot be mirrored are not, and that is told", () => {
  const { config: settled, notice } = settleFlips(config, { name: "glyphs", mirrorable: false, classes: [] });
  expect(settled).toEqual(still);
  expect(notice).toBe("The images of glyphs mean something else in a mirror: training.flips is off.");
});

test("classes that may read differently in a mirror are named, and images are mirrored as configured", () => {
  const { config: settled, notice } = settleFlips(config, { name: "digits", classes: [..."0123456789"] });
  expect(settled).toBe(config);
  expect(notice).toContain("classes 1, 2, 3, 4, 5, … may read differently in a mirror. If they do, set training.flips");
});

test("nothing is said of other images, nor where none are mirrored", () => {
  expect(settleFlips(config, { name: "emoji", classes: ["Flags"] })).toEqual({ config });
  expect(settleFlips(still, { name: "glyphs", mirrorable: false, classes: [..."0123456789"] })).toEqual({
    config: still,
  });
});
