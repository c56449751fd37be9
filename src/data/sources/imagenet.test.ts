import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { tarOf, zipOf } from "../../../test/support/archives.js";
import { plain, temporaryFolder, writeFiles } from "../../../test/support/images.js";
import { UserError } from "../../errors.js";
import { npyHeader } from "../../io/numpy/npy-header.js";
import { encodeNpz } from "../../io/numpy/npz.js";
import type { Tensor } from "../../io/tensors/tensor.js";
import { imagenetListing } from "./imagenet.js";

const folder = await temporaryFolder();

type Files = Record<string, Uint8Array>;

const entries = (files: Files) => Object.entries(files).map(([name, content]) => ({ name, content }));
const tar = (files: Files): Buffer => tarOf(entries(files));
const zip = (files: Files, method = 8): Buffer => zipOf(entries(files).map((entry) => ({ ...entry, method })));
const below = (folder: string, files: Files): Files =>
  Object.fromEntries(Object.entries(files).map(([name, content]) => [`${folder}/${name}`, content]));
const written = async (files: Files, path = ""): Promise<string> =>
  join(await writeFiles(await mkdtemp(join(folder, "set-")), files), path);

const ROW = 3 * 32 * 32;

/** Pixels of the image with this number among all. */
const pixelsOf = (number: number): Uint8Array =>
  Uint8Array.from({ length: ROW }, (_, i) => (i * 7 + number * 13) % 256);

const dataOf = (numbers: readonly number[]): Tensor => ({
  dtype: "uint8",
  shape: [numbers.length, ROW],
  data: Buffer.concat(numbers.map(pixelsOf)),
});
const labelsOf = (labels: readonly number[]): Tensor => ({
  dtype: "int64",
  shape: [labels.length],
  data: BigInt64Array.from(labels, BigInt),
});
const npz = (arrays: Record<string, Tensor>): Buffer => Buffer.concat(encodeNpz(arrays));
/** As `np.savez_compressed` writes it: the same arrays, deflated. */
const batch = (numbers: readonly number[], labels: readonly number[]): Buffer =>
  npz({ data: dataOf(numbers), labels: labelsOf(labels), mean: { ...dataOf([0]), shape: [ROW] } });

const arrays: Files = {
  "train_data_batch_1.npz": batch([0, 1, 2], [1, 1000, 5]),
  "train_data_batch_2.npz": batch([3, 4], [6, 7]),
  "train_data_batch_10.npz": batch([5, 6], [8, 9]),
  "val_data.npz": batch([7, 8, 9], [2, 3, 4]),
};

async function everything(path: string, resolution: 32 | 64 = 32) {
  await using listing = await imagenetListing(path, resolution);
  const contents: (string | Uint8Array)[] = [];
  for await (const content of listing.read()) {
    if ("error" in content) throw new Error(content.error);
    if ("pixels" in content) expect(content.width).toBe(resolution);
    contents[content.index] = Uint8Array.from("pixels" in content ? content.pixels : content.encoded);
  }
  return { ...listing, contents };
}

test("any size is read where none was named", async () => {
  const data: Tensor = { dtype: "uint8", shape: [2, 48], data: Uint8Array.from({ length: 96 }, (_, i) => i) };
  await using listing = await imagenetListing(
    await written({ "val_data.npz": npz({ data, labels: labelsOf([4, 5]) }) }),
  );
  const contents: unknown[] = [];
  for await (const content of listing.read()) {
    if ("pixels" in content) contents.push([content.index, content.width, Array.from(content.pixels)]);
  }
  expect(contents).toEqual([0, 1].map((index) => [index, 4, Array.from({ length: 48 }, (_, i) => 48 * index + i)]));
});

describe("gives the official arrays in every form", () => {
  const forms: [string, () => Promise<string>][] = [
    ["a folder", () => written(arrays)],
    ["a folder further down", () => written(below("Imagenet32", arrays))],
    ["a deflated zip", () => written({ "a.zip": zip(below("Imagenet32_train_npz", arrays)) }, "a.zip")],
    ["a stored zip", () => written({ "a.zip": zip(arrays, 0) }, "a.zip")],
    ["a tar", () => written({ "a.tar": tar(arrays) }, "a.tar")],
    ["a compressed tar", () => written({ "a.tar.gz": gzipSync(tar(arrays)) }, "a.tar.gz")],
    [
      "a folder of the two zips",
      () => {
        const { "val_data.npz": val, ...train } = arrays;
        return written({
          "Imagenet32_train_npz.zip": zip(train),
          "Imagenet32_val_npz.zip": zip({ "val_data.npz": val }),
        });
      },
    ],
  ];

  test.each(forms)("%s", async (_, make) => {
    const { classes, images, contents, refused } = await everything(await make());
    expect(contents).toEqual(Array.from({ length: 10 }, (_, number) => pixelsOf(number)));
    expect(classes).toHaveLength(1000);
    expect([classes[0], classes[999]]).toEqual(["1", "1000"]);
    expect(images.map(({ label }) => label)).toEqual([0, 999, 4, 5, 6, 7, 8, 1, 2, 3]);
    expect(images.map(({ split }) => split).join(" ")).toBe(`${"train ".repeat(7)}test test test`);
    expect(images.map(({ alsoValidation = false }) => alsoValidation).slice(6)).toEqual([false, true, true, true]);
    expect(images[6].name).toBe("train_data_batch_10/000001");
    expect(refused).toEqual([]);
  });

  test("one file alone, which is divided by a hash when it is for training", async () => {
    const many = Array.from({ length: 12 }, (_, number) => number);
    const file = {
      "train_data_batch_1.npz": batch(
        many,
        many.map((number) => number + 1),
      ),
    };
    const { images, contents } = await everything(await written(file, "train_data_batch_1.npz"));
    expect(contents).toEqual(many.map(pixelsOf));
    expect(new Set(images.map(({ split }) => split))).toEqual(new Set(["train", "validation", "test"]));
    const val = await everything(await written(arrays, "val_data.npz"));
    expect(val.images.map(({ split }) => split)).toEqual(["test", "test", "test"]);
  });
});

const png = await plain([200, 10, 10]).png().toBuffer();
const named = (...names: string[]): Files => Object.fromEntries(names.map((name) => [name, png]));
const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

describe("gives image files their labels", () => {
  const byFolder = named("n01/1.png", "n01/2.jpg", "n02/3.png");
  const listed = {
    ...named("00000/img0.png", "00000/img1.png"),
    "dataset.json": json({
      labels: [
        ["00000/img0.png", 2],
        ["00000/img1.png", 0],
      ],
    }),
  };
  const cases: [string, Files, string[], (number | undefined)[]][] = [
    ["by folder", byFolder, ["n01", "n02"], [0, 0, 1]],
    ["by folder, in one around all", below("imagenet", byFolder), ["n01", "n02"], [0, 0, 1]],
    ["by list", listed, ["0", "1", "2"], [2, 0]],
    ["by list, in one folder around all", below("set", listed), ["0", "1", "2"], [2, 0]],
    ["by prefix", named("n01_1.png", "n01_2.png", "n02_1.png"), ["n01", "n02"], [0, 0, 1]],
    [
      "not, where a list says so",
      { ...byFolder, "dataset.json": json({ labels: null }) },
      [],
      [undefined, undefined, undefined],
    ],
    ["not, where names have one prefix", named("img_1.png", "img_2.png"), [], [undefined, undefined]],
    ["not, where names have none", named("1.png", "2.png"), [], [undefined, undefined]],
  ];

  describe.each<[string, (files: Files) => Promise<string>]>([
    ["folder", (files) => written(files)],
    ["zip", (files) => written({ "a.zip": zip(files) }, "a.zip")],
    ["tar.gz", (files) => written({ "a.tgz": gzipSync(tar(files)) }, "a.tgz")],
    ["folder of a zip", (files) => written({ "a.zip": zip(files) })],
  ])("of a %s", (_, pack) => {
    test.each(cases)("%s", async (_, files, classes, labels) => {
      const listing = await everything(await pack(files));
      expect(listing.classes).toEqual(classes);
      expect(listing.images.map(({ label }) => label)).toEqual(labels);
      expect(listing.contents).toEqual(labels.map(() => new Uint8Array(png)));
    });
  });

  test("with validation images as those to test on", async () => {
    const files = below("imagenet", named("train/n01_1.png", "train/n02_1.png", "val/n01_1.png"));
    const { images, classes } = await everything(await written(files));
    expect(classes).toEqual(["n01", "n02"]);
    expect(images).toEqual([
      { name: "train/n01_1.png", split: "train", label: 0 },
      { name: "train/n02_1.png", split: "train", label: 1 },
      { name: "val/n01_1.png", split: "test", label: 0, alsoValidation: true },
    ]);
    expect((await everything(await written(named("val/a/1.png", "val/b/1.png")))).images[0].split).toBe("test");
  });

  test("and tells which could not be read", async () => {
    const damaged = zipOf([
      { name: "a_1.png", content: png },
      { name: "b_1.png", content: png, claims: { crc: 1 } },
    ]);
    await using listing = await imagenetListing(await written({ "a.zip": damaged }, "a.zip"), 32);
    const errors: unknown[] = [];
    for await (const content of listing.read()) if ("error" in content) errors.push(content);
    expect(errors).toEqual([{ index: 1, error: "its checksum is wrong: it is damaged" }]);
  });
});

describe("refuses", () => {
  const data = dataOf([0, 1]);
  const labels = labelsOf([1, 2]);
  const one = (arrays: Record<string, Tensor>): Files => ({ "train_data_batch_1.npz": npz(arrays) });
  const huge = Buffer.concat(encodeNpz({ data, labels }));
  const hostile: [string, Files, string][] = [
    ["an empty folder", {}, "but it has no files"],
    ["other files", { "a.txt": png }, "but its 1 files are others, as a.txt"],
    ["arrays and images", { ...arrays, "a.png": png }, "it holds both, as train_data_batch_1.npz and a.png"],
    [
      "images of two archives",
      { "a.zip": zip(named("1.png")), "b.zip": zip(named("2.png")) },
      "lie in several archives",
    ],
    ["images without labels beside others", named("1.png", "a/2.png"), "1.png lies in no folder of a class"],
    ["a bad list", { ...named("1.png"), "dataset.json": png }, "in dataset.json of "],
    [
      "many lists",
      { ...named("1.png"), ...Object.fromEntries([..."abcde"].map((folder) => [`${folder}/dataset.json`, png])) },
      "it has 5 files called dataset.json",
    ],
    ["no labels", one({ data }), "it has no labels.npy"],
    ["no data", one({ labels }), "it has no data.npy"],
    ["labels from 0", one({ data, labels: labelsOf([1, 0]) }), "the label of image 1 is 0; there are 1 … 1000"],
    ["labels beyond 1000", one({ data, labels: labelsOf([1001, 1]) }), "the label of image 0 is 1001"],
    ["another number of labels", one({ data, labels: labelsOf([1]) }), "it has 2 images and 1 labels"],
    [
      "labels that are floats",
      one({ data, labels: { ...labels, dtype: "float64", data: Float64Array.of(1, 2) } }),
      "has elements <f8, no integers",
    ],
    [
      "floats",
      one({ data: { dtype: "float32", shape: [2, ROW], data: new Float32Array(2 * ROW) }, labels }),
      "its data are float32 [2,3072]",
    ],
    ["images in NHWC", one({ data: { ...data, shape: [2, 32, 32, 3] }, labels }), "its data are uint8 [2,32,32,3]"],
    [
      "images of another size",
      one({ data: { ...data, shape: [2, 48], data: new Uint8Array(96) }, labels }),
      "its images are 4×4, not 32×32",
    ],
    [
      "images of no size",
      one({ data: { ...data, shape: [2, 47], data: new Uint8Array(94) }, labels }),
      "its data are uint8 [2,47]",
    ],
    ["a file cut off", { "val_data.npz": huge.subarray(0, 2000) }, "val_data.npz"],
    ["a file cut off in a zip", { "a.zip": zip({ "val_data.npz": huge.subarray(0, 2000) }) }, "val_data.npz of "],
    ["text", { "val_data.npz": Buffer.from("hello") }, "val_data.npz"],
  ];

  test.each(hostile)("%s", async (_, files, message) => {
    const path = await written(files);
    const error = await everything(path).then(undefined, (thrown: Error) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect(error).toHaveProperty("message", expect.stringContaining(message));
    expect(error).toHaveProperty("message", expect.stringContaining(path));
  });

  test("several sizes", async () => {
    const small: Tensor = { dtype: "uint8", shape: [1, 48], data: new Uint8Array(48).fill(3) };
    const file = npz({ data: small, labels: labelsOf([1]) });
    const path = await written({ ...arrays, "train_data_batch_3.npz": file });
    await expect(imagenetListing(path)).rejects.toThrow("its images are 4×4, not 32×32");
  });

  test("64×64 where there are 32×32", async () => {
    const path = await written(arrays);
    await expect(imagenetListing(path, 64)).rejects.toThrow("its images are 32×32, not 64×64");
  });

  test.each([1, 3])("%i rows where the shape says 2, when they are read", async (rows) => {
    const content = Buffer.concat([npyHeader(data), Buffer.alloc(rows * ROW)]);
    const labels = Buffer.concat([npyHeader(labelsOf([1, 2])), Buffer.from(BigInt64Array.of(1n, 2n).buffer)]);
    const file = zip({ "data.npy": content, "labels.npy": labels });
    const problem = `has ${rows * ROW} bytes, its shape [2,3072] needs 6144`;
    await expect(everything(await written({ "val_data.npz": file }))).rejects.toThrow(problem);
  });
});
