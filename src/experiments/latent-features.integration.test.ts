import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { afterAll, expect, test } from "vitest";
import { discs, tinyModel } from "../../test/support/tiny.js";
import { Runtime } from "../engine/index.js";
import { ImageEncoder } from "../inference/sampling/encode-latents.js";
import { readNpz } from "../io/numpy/npz.js";
import { widen } from "../io/tensors/float16.js";
import { readSafetensorsFile } from "../io/tensors/safetensors.js";
import { float32Elements, type Tensor } from "../io/tensors/tensor.js";
import { writeLatentFeatures } from "./latent-features.js";

const runtime = new Runtime({ threads: 1 });
const folder = mkdtempSync(join(tmpdir(), "strata-features-"));
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await runtime.dispose();
});

const at = (name: string) => join(folder, name);
const images = discs(11, { labels: true });
const model = tinyModel();
const read = async (path: string) => (await readSafetensorsFile(path)).tensors;

test("every group of every image, what it costs, and its label", async () => {
  const path = at("all.safetensors");
  const written = await writeLatentFeatures(model, images, path, { batch: 4, runtime });
  expect(written).toMatchObject({ count: 11, resumedFrom: 0 });
  const tensors = await read(path);
  const shapes = Object.fromEntries([...tensors].map(([name, { dtype, shape }]) => [name, [dtype, ...shape]]));
  expect(shapes).toEqual({
    labels: ["int32", 11],
    kl_nats: ["float32", 11, 3],
    group_00: ["float32", 11, 4, 1, 1],
    group_01: ["float32", 11, 4, 4, 4],
    group_02: ["float32", 11, 4, 8, 8],
  });
  expect([...tensors.get("labels")!.data]).toEqual([...images.labels]);
  // The first group's cost depends on nothing that is drawn: it is that of the posterior of any encoding.
  await using encoder = new ImageEncoder(model, { batch: 4, runtime });
  const { groupKlNats } = await encoder.encode({ ...images, images: images.images as Uint8Array });
  const costs = tensors.get("kl_nats")!.data as Float32Array;
  groupKlNats[0].forEach((nats, image) => {
    expect(costs[3 * image]).toBeCloseTo(nats, 4);
  });
  expect(tensors.get("group_02")!.data.some((value) => value !== 0)).toBe(true);
});

test("an attempt that was interrupted is gone on with, byte for byte; one of something else is not", async () => {
  const whole = at("whole.safetensors");
  const halves = at("halves.safetensors");
  const options = { batch: 3, runtime, groups: 2, dtype: "float16" } as const;
  await writeLatentFeatures(model, images, whole, options);
  const stop = new AbortController();
  const onProgress = (done: number) => done >= 6 && stop.abort();
  await expect(
    writeLatentFeatures(model, images, halves, { ...options, signal: stop.signal, onProgress }),
  ).rejects.toThrow();
  expect(existsSync(halves)).toBe(false);
  const { resumedFrom } = await writeLatentFeatures(model, images, halves, options);
  expect(resumedFrom).toBeGreaterThan(0);
  expect(readFileSync(halves).equals(readFileSync(whole))).toBe(true);
  expect(existsSync(`${halves}.part.json`)).toBe(false);
  writeFileSync(`${halves}.part`, "what another attempt left");
  writeFileSync(`${halves}.part.json`, JSON.stringify({ question: "another", rows: 9 }));
  expect(await writeLatentFeatures(model, images, halves, options)).toMatchObject({ resumedFrom: 0 });
  expect(readFileSync(halves).equals(readFileSync(whole))).toBe(true);
  const half = (await read(whole)).get("group_01")!;
  expect(half.dtype).toBe("float16");
  expect(widen(half.data as Uint16Array).every(Number.isFinite)).toBe(true);
});

test("two at a time do not spoil one another's file", async () => {
  const path = at("contested.safetensors");
  const options = { batch: 2, runtime };
  const both = await Promise.allSettled([1, 2].map(() => writeLatentFeatures(model, images, path, options)));
  expect(both.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  expect(both.find((each) => each.status === "rejected")!.reason).toMatchObject({ code: "locked" });
  expect((await read(path)).get("kl_nats")!.shape).toEqual([11, 3]);
});

test("told one class for all, a model with classes cannot keep the true one", async () => {
  const labelled = tinyModel({ model: { classes: 4 } });
  const [one, other] = [at("one.safetensors"), at("other.safetensors")];
  const turned = { ...images, labels: images.labels.map((label) => (label + 1) % 4) };
  await writeLatentFeatures(labelled, images, one, { runtime, label: 2 });
  await writeLatentFeatures(labelled, turned, other, { runtime, label: 2 });
  const [a, b] = [await read(one), await read(other)];
  for (const name of ["group_00", "group_02", "kl_nats"]) expect(a.get(name)!.data).toEqual(b.get(name)!.data);
  expect(a.get("labels")!.data).not.toEqual(b.get("labels")!.data);
});

const numbers = (tensor: Tensor) => float32Elements(tensor) ?? tensor.data;

test.each(["float32", "float16"] as const)("npz and Parquet hold what safetensors does: %s", async (dtype) => {
  const options = { batch: 4, runtime, groups: 2, dtype };
  const [plain, npz, parquet] = ["kinds.safetensors", "kinds.npz", "kinds.parquet"].map(at);
  for (const path of [plain, npz, parquet]) await writeLatentFeatures(model, images, path, options);
  const expected = await read(plain);
  expect(readNpz(readFileSync(npz))).toEqual(expected);
  expect(readFileSync(npz).includes('"top right')).toBe(true); // the metadata, escaped once more
  const file = new Uint8Array(readFileSync(parquet)).buffer;
  const metadata = parquetMetadata(file);
  expect(Object.fromEntries(metadata.key_value_metadata!.map(({ key, value }) => [key, value]))).toMatchObject({
    data: "discs",
    shapes: '{"labels":[],"kl_nats":[3],"group_00":[4,1,1],"group_01":[4,4,4]}',
  });
  const rows = await parquetReadObjects({ file, metadata });
  expect(rows).toHaveLength(11);
  for (const [name, tensor] of expected) {
    expect(rows.flatMap((row) => row[name])).toEqual([...numbers(tensor)]);
  }
  expect([npz, parquet].some((path) => existsSync(`${path}.part`) || existsSync(`${path}.part.json`))).toBe(false);
});

test("where a part is whole but its file is not, the file is made anew and nothing is encoded again", async () => {
  const path = at("late.npz");
  const stop = new AbortController();
  const onProgress = (done: number) => done === images.count && stop.abort();
  const options = { batch: 4, runtime };
  await expect(
    writeLatentFeatures(model, images, path, { ...options, signal: stop.signal, onProgress }),
  ).rejects.toThrow();
  expect(existsSync(path)).toBe(false);
  expect(existsSync(`${path}.part`)).toBe(true);
  expect(await writeLatentFeatures(model, images, path, options)).toMatchObject({ resumedFrom: 11 });
  expect(readNpz(readFileSync(path)).get("kl_nats")!.shape).toEqual([11, 3]);
});

test("a name that ends in nothing known is refused", async () => {
  await expect(writeLatentFeatures(model, images, at("features.csv"), { runtime })).rejects.toThrow(
    "expected a file name that ends in .safetensors, .npz, .parquet.",
  );
});
