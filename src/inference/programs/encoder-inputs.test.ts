import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { discs, tinyConfig, tinySuperResolution } from "../../../test/support/tiny.js";
import { checkModelImages, modelInputs } from "./model-inputs.js";

test("images of a packed file are encoded as those in memory, read where they are needed", () => {
  const { model } = tinyConfig({ model: { ...tinySuperResolution, classes: 4 } });
  const set = discs(6, { labels: true });
  const folder = mkdtempSync(join(tmpdir(), "strata-encoder-inputs-"));
  try {
    const path = join(folder, "pack");
    writeFileSync(path, Buffer.concat([Buffer.alloc(7), set.images]));
    const packed = { ...set, images: { path, offset: 7 } };
    checkModelImages(model, packed);
    const indices = [4, 0, 5, 5];
    const inputs = modelInputs(model, packed, indices, 2);
    expect(inputs).toEqual(modelInputs(model, set, indices, 2));
    expect([...inputs.labels!]).toEqual(indices.map((index) => set.labels[index]));
    expect(inputs.images[0]).toBeCloseTo(set.images[4 * 192] / 127.5 - 1, 6);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("images in memory that are too few for their count are refused", () => {
  const { model } = tinyConfig();
  const short = { ...discs(3), images: new Uint8Array(2 * 192) };
  expect(() => checkModelImages(model, short)).toThrow(
    "Expected 3 images as uint8 [3, 3, 8, 8], 576 bytes, got 384 bytes.",
  );
});
