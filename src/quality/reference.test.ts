import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { meanColours } from "../../test/support/features.js";
import { temporaryFolder, writeFiles } from "../../test/support/images.js";
import { discs } from "../../test/support/tiny.js";
import { Runtime } from "../engine/index.js";
import { encodeNpz } from "../io/numpy/npz.js";
import type { FeatureSet } from "./feature-set.js";
import type { FeatureExtractor } from "./features/extractor.js";
import { compareToReference } from "./quality.js";
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

const IDENTITY = "inception tensorflow sha256:1";

/** Colours, and how often they were asked for. */
function counted() {
  const extractor = meanColours("inception");
  const extract = vi.fn(extractor.extract);
  return { extractor: { ...extractor, identity: IDENTITY, extract }, extract };
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

test("vectors of an exported reference are those of the set, where it has more images than are exported", async () => {
  const many = { ...discs(1), count: 10_003, resolution: 2, classes: [], labels: new Int32Array(0) };
  const images = Uint8Array.from({ length: 12 * many.count }, (_, i) => (i * 7919) % 251);
  const features = await referenceOfSet({ ...many, images }, counted().extractor, { runtime });
  const path = join(folder, "many.npz");
  await writeReference(path, features, { ...many, images });
  const read = await referenceOfFile(path, counted().extractor, 2, { runtime });
  expect(read.rowCount).toBe(10_000);
  expect(read.rows).toEqual(features.rows);
});

const images = {
  dtype: "uint8" as const,
  shape: [2, 8, 8, 3],
  data: Uint8Array.from({ length: 384 }, (_, i) => i % 256),
};
const zeros = (...shape: number[]) => ({
  dtype: "float64" as const,
  shape,
  data: new Float64Array(shape.reduce((product, size) => product * size, 1)),
});

/** Reads a reference of these arrays. */
async function reading(
  arrays: Parameters<typeof encodeNpz>[0],
  extractor: FeatureExtractor = counted().extractor,
  resolution = 8,
): Promise<{ read: FeatureSet; notices: string[]; path: string }> {
  const path = join(folder, "images.npz");
  await writeFile(path, Buffer.concat(encodeNpz({ arr_0: images, ...arrays })));
  const notices: string[] = [];
  const onNotice = (message: string) => notices.push(message);
  return { read: await referenceOfFile(path, extractor, resolution, { runtime, onNotice }), notices, path };
}

const evaluators = { mu: zeros(3), sigma: zeros(3, 3), mu_s: zeros(2), sigma_s: zeros(2, 2) };
const identity = (of: string) => {
  const data = new TextEncoder().encode(of);
  return { dtype: "uint8" as const, shape: [data.length], data };
};

test("statistics that do not say what made them are of Inception with TensorFlow's resizing", async () => {
  const { read, notices } = await reading(evaluators);
  expect(read.moments).toEqual({ count: Number.POSITIVE_INFINITY, mean: zeros(3).data, covariance: zeros(3, 3).data });
  expect(read.spatialMoments?.count).toBe(Number.POSITIVE_INFINITY);
  expect(notices).toEqual([]);
});

test.each<[string, string, Parameters<typeof encodeNpz>[0], string]>([
  ["of the other resizing", "inception pytorch sha256:1", {}, "(inception tensorflow, as reference batches are)"],
  ["of pixels", "pixels 8x8", {}, "(inception tensorflow, as reference batches are)"],
  [
    "of other weights",
    IDENTITY,
    { identity: identity("inception tensorflow sha256:2") },
    "(inception tensorflow sha256:2)",
  ],
])("of features %s a file's images count, not its statistics", async (_, own, arrays, made) => {
  const extractor = { ...counted().extractor, identity: own };
  const { read, notices, path } = await reading({ ...evaluators, ...arrays }, extractor);
  expect(read.moments.count).toBe(2);
  expect(read.spatialMoments?.count).toBe(2);
  expect(notices).toEqual([
    `${path}: its statistics are of other features ${made}; those of its 2 images are used instead.`,
  ]);
});

test("statistics that name the extractor are used, whichever it is", async () => {
  const extractor = meanColours("pixels");
  const { read } = await reading({ ...evaluators, identity: identity(extractor.identity) }, extractor);
  expect(read.moments.count).toBe(Number.POSITIVE_INFINITY);
});

test("without statistics of spatial features those are of the images", async () => {
  const { read, notices } = await reading({ mu: zeros(3), sigma: zeros(3, 3) });
  expect([read.moments.count, read.spatialMoments?.count]).toEqual([Number.POSITIVE_INFINITY, 2]);
  expect(notices).toEqual([expect.stringContaining("it has no statistics of spatial features (mu_s, sigma_s); those")]);
});

test("what does not fit is refused before features are made", async () => {
  const { extractor, extract } = counted();
  const refused = (arrays: Parameters<typeof encodeNpz>[0], message: string) =>
    expect(reading({ ...evaluators, ...arrays }, extractor)).rejects.toThrow(message);
  await refused(
    { mu: zeros(7) },
    "mu has 7 values, and a feature of the samples (inception) has 3: another network made it.",
  );
  await refused({ mu: zeros(1, 3) }, "but mu is float64 [1, 3] in place of float64 [3].");
  await refused({ mu: images }, "but mu is uint8 [2, 8, 8, 3] in place of float64 [3].");
  await refused({ sigma: zeros(3, 4) }, "but sigma is float64 [3, 4] in place of float64 [3, 3].");
  await refused({ sigma: matrix(1, 0, 0, 0, -2, 0, 0, 0, 1) }, "sigma has the variance -2 at [1, 1].");
  await refused(
    { sigma: matrix(1, 0.5, 0, 0.25, 1, 0, 0, 0, 1) },
    "sigma is not symmetric: it has 0.25 at [1, 0] and 0.5 at [0, 1].",
  );
  await refused(
    { sigma: { ...zeros(3, 3), data: new Float64Array(9).fill(Number.NaN) } },
    "sigma holds values that are not",
  );
  await refused({ identity: zeros(3) }, "identity is no array of bytes");
  await expect(reading({ mu: zeros(3) }, extractor)).rejects.toThrow("sigma, float64 [3, 3], is missing");
  await expect(reading({}, extractor, 32)).rejects.toThrow("Expected reference images of 32×32 pixels in ");
  expect(extract).not.toHaveBeenCalled();
});

const matrix = (...values: number[]) => ({ ...zeros(3, 3), data: Float64Array.from(values) });
const half = matrix(1, 0.5, 0, 0.5, 1, 0, 0, 0, 2);

/** Reads a file of these arrays and no images. */
async function alone(arrays: Parameters<typeof encodeNpz>[0], extractor: FeatureExtractor = counted().extractor) {
  const path = join(folder, "alone.npz");
  await writeFile(path, Buffer.concat(encodeNpz(arrays)));
  const notices: string[] = [];
  const onNotice = (message: string) => notices.push(message);
  return { read: await referenceOfFile(path, extractor, 8, { runtime, onNotice }), notices, path };
}

test.each([
  ["inception tensorflow sha256:1", 'Inception with `resize: "tensorflow"`'],
  ["inception pytorch sha256:1", 'Inception with `resize: "pytorch"`'],
  ["onnx sha256:1", "onnx sha256:1"],
])("mu and sigma alone are a reference for a distance, of %s as the samples, and told so", async (own, assumed) => {
  const { extractor, extract } = counted();
  const { read, notices, path } = await alone({ mu: zeros(3), sigma: half }, { ...extractor, identity: own });
  expect(read).toMatchObject({ identity: own, rowCount: 0, spatialMoments: undefined });
  expect(read.moments).toEqual({ count: Number.POSITIVE_INFINITY, mean: zeros(3).data, covariance: half.data });
  expect(notices).toEqual([
    expect.stringContaining(`${path}: it does not say which network made mu and sigma: assumed ${assumed}, as for the`),
  ]);
  expect(extract).not.toHaveBeenCalled();
});

test("a distance from mu and sigma is the distance from the set they are of; single images are asked for where they are needed", async () => {
  const { extractor } = counted();
  const whole = await referenceOfSet(set, extractor, { runtime });
  const samples = await referenceOfSet(discs(30), extractor, { runtime });
  const { mean, covariance } = whole.moments;
  const { read } = await alone({
    mu: { dtype: "float64", shape: [3], data: mean },
    sigma: { dtype: "float64", shape: [3, 3], data: covariance },
  });
  const distance = (reference: FeatureSet) => compareToReference(samples, reference, ["fid"], "inception", { runtime });
  expect(await distance(read)).toEqual(await distance(whole));
  const refused = (metric: "kid" | "sfid" | "recall") =>
    compareToReference(samples, read, [metric], "inception", { runtime });
  await expect(refused("kid")).rejects.toThrow(
    "Expected a reference with single images, not statistics alone for KID.",
  );
  await expect(refused("recall")).rejects.toThrow("single images, not statistics alone for recall.");
  await expect(refused("sfid")).rejects.toThrow("statistics of spatial features (mu_s, sigma_s) for sFID.");
});

test("statistics alone in float32 are read, and beside mu_s and sigma_s those too", async () => {
  const float32 = (tensor: ReturnType<typeof zeros>) => ({
    ...tensor,
    dtype: "float32" as const,
    data: Float32Array.from(tensor.data),
  });
  const { read } = await alone({ ...evaluators, mu: float32(zeros(3)), sigma: float32(half) });
  expect(read.moments.covariance).toEqual(half.data);
  expect(read.spatialMoments?.covariance).toEqual(zeros(2, 2).data);
});

test("statistics alone that name the extractor need no assumption; those of another are refused", async () => {
  const named = { mu: zeros(3), sigma: half, identity: identity(IDENTITY) };
  expect((await alone(named)).notices).toEqual([]);
  await expect(alone({ ...named, identity: identity("pixels 8") })).rejects.toThrow(
    `its statistics are of other features (pixels 8), those of the samples are ${IDENTITY}, and it holds no images to`,
  );
  await expect(alone({ mu: zeros(2048), sigma: zeros(2048, 2048) })).rejects.toThrow(
    "mu has 2048 values, and a feature of the samples (inception) has 3: another network made it.",
  );
  await expect(alone({ sigma: half })).rejects.toThrow("mu, float64 [3], is missing");
  await expect(alone({ samples: zeros(3) })).rejects.toThrow(
    "it has neither mu and sigma nor images as arr_0; it holds samples.npy.",
  );
});

test("features of a file's images are made once, those of a folder's each time", async () => {
  const { extractor, extract } = counted();
  const { read } = await reading({}, extractor);
  expect((await reading({}, extractor)).read).toEqual(read);
  expect(extract).toHaveBeenCalledTimes(1);
  const raw = { width: 8, height: 8, channels: 3 as const };
  const png = (image: number) =>
    sharp(images.data.subarray(192 * image, 192 * (image + 1)), { raw })
      .png()
      .toBuffer();
  await writeFiles(folder, { "images/a.png": await png(0), "images/b.png": await png(1) });
  const files = await referenceOfFile(join(folder, "images"), extractor, 8, { runtime });
  expect(files).toEqual(read);
  expect(extract).toHaveBeenCalledTimes(2);
});
