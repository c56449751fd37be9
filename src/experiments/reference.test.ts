import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { meanColours } from "../../test/support/features.js";
import { temporaryFolder } from "../../test/support/images.js";
import { discs } from "../../test/support/tiny.js";
import { Runtime } from "../engine/index.js";
import { encodeNpz } from "../formats/npz.js";
import { referenceOfSet } from "./reference.js";
import { referenceOfFile, writeReference } from "./reference-file.js";

const folder = await temporaryFolder();
const set = discs(40);
let runtime: Runtime;
beforeAll(() => {
  runtime = new Runtime({ threads: 1 });
});
afterAll(() => runtime.dispose());
beforeEach(() => void vi.stubEnv("STRATA_CACHE_DIR", join(folder, "cache")));
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(join(folder, "cache"), { recursive: true, force: true });
});

/** Colours, and how often they were asked for. */
function counted() {
  const extractor = meanColours("inception");
  const extract = vi.fn(extractor.extract);
  return { extractor: { ...extractor, extract }, extract };
}

test("features of a reference are made once", async () => {
  const { extractor, extract } = counted();
  const first = await referenceOfSet(set, extractor, { runtime });
  const again = await referenceOfSet(set, extractor, { runtime });
  expect(extract).toHaveBeenCalledTimes(1);
  expect(again).toEqual({ ...first, logits: undefined });
});

test("another number of rows, other images or another network make others; so does a damaged file", async () => {
  const { extractor, extract } = counted();
  await referenceOfSet(set, extractor, { runtime });
  await referenceOfSet(set, extractor, { runtime, keep: 5 });
  await referenceOfSet(discs(41), extractor, { runtime });
  await referenceOfSet(set, { ...extractor, identity: "another" }, { runtime });
  expect(extract).toHaveBeenCalledTimes(4);
  const files = await readdir(join(folder, "cache", "references"));
  expect(files).toHaveLength(4);
  for (const file of files) await writeFile(join(folder, "cache", "references", file), "damaged");
  await referenceOfSet(set, extractor, { runtime });
  expect(extract).toHaveBeenCalledTimes(5);
});

test("an exported reference is read as it was, its statistics from the file", async () => {
  const { extractor } = counted();
  const features = await referenceOfSet(set, extractor, { runtime });
  const path = join(folder, "reference.npz");
  await writeReference(path, features, set);
  const read = await referenceOfFile(path, extractor, 8, { runtime });
  expect(read.moments).toEqual({ ...features.moments, count: Number.POSITIVE_INFINITY });
  expect(read.spatialMoments).toEqual({ ...features.spatialMoments, count: Number.POSITIVE_INFINITY });
  expect(read.rows).toEqual(features.rows);
});

test("of other features than Inception's, a reference file's images count, not its statistics", async () => {
  const path = join(folder, "images.npz");
  const images = {
    dtype: "uint8" as const,
    shape: [2, 8, 8, 3],
    data: Uint8Array.from({ length: 384 }, (_, i) => i % 256),
  };
  const wrong = { dtype: "float64" as const, shape: [7], data: new Float64Array(7) };
  await writeFile(path, Buffer.concat(encodeNpz({ arr_0: images, mu: wrong })));
  const read = await referenceOfFile(path, meanColours("pixels"), 8, { runtime });
  expect(read.moments.count).toBe(2);
  await expect(referenceOfFile(path, meanColours("inception"), 8, { runtime })).rejects.toThrow(
    "expected mu as float64 [3], but it is float64 [7]",
  );
  await expect(referenceOfFile(path, meanColours("pixels"), 32, { runtime })).rejects.toThrow(
    "expected images of 32×32 pixels, as the samples have, got 8×8",
  );
});
