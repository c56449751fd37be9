import { expect, test } from "vitest";
import { resolvePreset } from "../../config/index.js";
import { UserError } from "../../errors.js";
import { expectMirrorable } from "./flips.js";

const mirrored = resolvePreset("emoji32-small");
const still = resolvePreset("glyphs32-small");

test("flips that a command line asks for are refused of images that cannot be mirrored", () => {
  const asked = () => expectMirrorable("glyphs", mirrored, ["training.steps=5", "training.flips=true"]);
  expect(asked).toThrow(UserError);
  expect(asked).toThrow(/^Expected no flips of glyphs, .*got training\.flips=true\. Leave it out\.$/);
});

test("those of a preset, of other images, or turned off are not", () => {
  expectMirrorable("glyphs", mirrored);
  expectMirrorable("emoji", mirrored, ["training.flips=true"]);
  expectMirrorable("glyphs", still, ["training.flips=false"]);
});
