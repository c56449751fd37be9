import { createHash } from "node:crypto";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { tarOf, zipOf } from "../../../test/support/archives.js";
import { temporaryFolder, writeFiles } from "../../../test/support/images.js";
import { pickleOf } from "../../../test/support/pickles.js";
import { UserError } from "../../errors.js";
import { cifar10Classes, cifar10Listing } from "./cifar10.js";

const PIXELS = 3 * 32 * 32;

interface Known {
  batch: string;
  label: number;
  /** [3, 32, 32]. */
  pixels: Uint8Array;
}

/** Twenty images: two in every batch for training, ten to test on; no two alike. */
const batchNames = ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"];
const known = batchNames.flatMap((batch, number) =>
  Array.from({ length: number < 5 ? 2 : 10 }, (_, place): Known => {
    const seed = 2 * number + place;
    const pixels = Uint8Array.from({ length: PIXELS }, (_, i) => (i * (seed + 3) + (i >> 10) * 50 + seed) % 256);
    return { batch, label: (7 * seed) % 10, pixels };
  }),
);
const inBatch = (batch: string): Known[] => known.filter((image) => image.batch === batch);

const folder = await temporaryFolder();

type Files = Record<string, Uint8Array>;

const eachBatch = (file: (images: Known[], batch: string) => [string, Uint8Array]): Files =>
  Object.fromEntries(batchNames.map((batch) => file(inBatch(batch), batch)));

const binary: Files = {
  ...eachBatch((images, batch) => [
    `cifar-10-batches-bin/${batch}.bin`,
    Buffer.concat(images.flatMap(({ label, pixels }) => [Buffer.of(label), pixels])),
  ]),
  "cifar-10-batches-bin/batches.meta.txt": Buffer.from(`${cifar10Classes.join("\n")}\n\n`),
  "cifar-10-batches-bin/readme.html": Buffer.from("<html>"),
};

const python = (version: 2 | 3): Files => ({
  ...eachBatch((images, batch) => [
    `cifar-10-batches-py/${batch}`,
    pickleOf(
      {
        batch_label: batch,
        labels: images.map(({ label }) => label),
        data: { bytes: Buffer.concat(images.map(({ pixels }) => pixels)), shape: [images.length, PIXELS] },
        filenames: images.map((_, index) => `${index}.png`),
      },
      version,
    ),
  ]),
  "cifar-10-batches-py/batches.meta": pickleOf({ num_vis: PIXELS, label_names: cifar10Classes }, 2),
});

/** PNG files in folders of the classes, by part. */
const png: Record<"train" | "test", Files> = { train: {}, test: {} };

beforeAll(async () => {
  for (const [index, { batch, label, pixels }] of known.entries()) {
    const part = batch === "test_batch" ? "test" : "train";
    const interleaved = Uint8Array.from({ length: PIXELS }, (_, i) => pixels[(i % 3) * 1024 + Math.floor(i / 3)]);
    const encoded = sharp(interleaved, { raw: { width: 32, height: 32, channels: 3 } }).png();
    png[part][`${part}/${cifar10Classes[label]}/${String(index).padStart(4, "0")}.png`] = await encoded.toBuffer();
  }
});

const entries = (files: Files) => Object.entries(files).map(([name, content]) => ({ name, content }));
const tar = (files: Files): Buffer => tarOf(entries(files));
const tarGz = (files: Files): Buffer => gzipSync(tar(files));
const zip = (files: Files): Buffer => zipOf(entries(files).map((entry) => ({ ...entry, method: 8 })));
const below = (folder: string, files: Files): Files =>
  Object.fromEntries(Object.entries(files).map(([name, content]) => [`${folder}/${name}`, content]));

/** Writes files and gives the path of one of them, or of the folder. */
const written = async (files: Files, path = ""): Promise<string> =>
  join(await writeFiles(await mkdtemp(join(folder, "set-")), files), path);

const chw = async (encoded: Uint8Array): Promise<Uint8Array> => {
  const raw = await sharp(encoded).raw().toBuffer();
  return Uint8Array.from({ length: PIXELS }, (_, i) => raw[(i % 1024) * 3 + Math.floor(i / 1024)]);
};

const keyOf = (part: string, label: number | undefined, pixels: Uint8Array): string =>
  `${part} ${label} ${createHash("sha256").update(pixels).digest("hex")}`;

const expected = known.map(({ batch, label, pixels }) =>
  keyOf(batch === "test_batch" ? "test" : "train", label, pixels),
);

async function everything(path: string) {
  await using listing = await cifar10Listing(path);
  const keys: string[] = [];
  for await (const content of listing.read()) {
    if ("error" in content) throw new Error(content.error);
    const { split, label } = listing.images[content.index];
    keys[content.index] = keyOf(split, label, "pixels" in content ? content.pixels : await chw(content.encoded));
  }
  return { ...listing, keys };
}

describe("gives the same images in every form", () => {
  const forms: [string, () => Promise<string>][] = [
    ["the binary archive", () => written({ "cifar-10-binary.tar.gz": tarGz(binary) }, "cifar-10-binary.tar.gz")],
    ["the folder around the binary archive", () => written({ "cifar-10-binary.tar.gz": tarGz(binary) })],
    ["the binary batches", () => written(binary, "cifar-10-batches-bin")],
    ["the folder around the binary batches", () => written(binary)],
    ["the binary batches beside their archive", () => written({ ...binary, "c.tar.gz": tarGz(binary) })],
    ["the Python archive", () => written({ "cifar-10-python.tar.gz": tarGz(python(2)) }, "cifar-10-python.tar.gz")],
    ["the Python batches", () => written(python(2), "cifar-10-batches-py")],
    ["the Python batches as Python 3 writes them", () => written(python(3))],
    ["PNG files in folders", () => written({ ...png.train, ...png.test })],
    ["PNG files in one tar", () => written({ "all.tar": tar({ ...png.train, ...png.test }) }, "all.tar")],
    ["PNG files in two tars", () => written({ "train.tar": tar(png.train), "test.tar": tar(png.test) })],
    [
      "PNG files in a zip, further down",
      () => written({ "a.zip": zip(below("cifar10", { ...png.train, ...png.test })) }, "a.zip"),
    ],
  ];

  test.each(forms)("%s", async (_, make) => {
    const { classes, images, keys, refused } = await everything(await make());
    expect(classes).toEqual(cifar10Classes);
    expect([...keys].sort()).toEqual([...expected].sort());
    expect(new Set(images.map(({ name }) => name)).size).toBe(20);
    expect(refused).toEqual([]);
    expect(images.filter(({ alsoValidation }) => alsoValidation).every(({ split }) => split === "test")).toBe(true);
    expect(images.filter(({ alsoValidation }) => alsoValidation).length).toBeGreaterThan(0);
  });

  test("with the same names and splits in both kinds of batches", async () => {
    const fromBinary = await everything(await written(binary));
    const fromPython = await everything(await written(python(2)));
    expect(fromPython.images).toEqual(fromBinary.images);
    expect(fromPython.keys).toEqual(expected);
    expect(fromBinary.images[2]).toEqual({ name: "data_batch_2/00000", split: "train", label: known[2].label });
  });
});

test("is in the official order of the classes", () => {
  expect(cifar10Classes.join(" ")).toBe("airplane automobile bird cat deer dog frog horse ship truck");
});

test("without the test part, training images are held out by their names", async () => {
  const { images } = await everything(await written({ "train.tar": tar(png.train) }, "train.tar"));
  expect(images).toHaveLength(10);
  expect(images.filter(({ split }) => split === "validation")).toHaveLength(1);
  expect(images.filter(({ split }) => split === "test")).toHaveLength(1);
  expect(images.some(({ alsoValidation }) => alsoValidation)).toBe(false);
});

test("stops when the signal aborts", async () => {
  await using listing = await cifar10Listing(await written(binary));
  const controller = new AbortController();
  const read = async () => {
    for await (const _ of listing.read(controller.signal)) controller.abort(new Error("enough"));
  };
  await expect(read()).rejects.toThrow("enough");
});

const withBatch = (name: string, content: Uint8Array, others: Files = binary): Files => ({
  ...others,
  [name]: content,
});
const bin = (content: Uint8Array): Files => withBatch("cifar-10-batches-bin/data_batch_3.bin", content);
const py = (content: Uint8Array): Files => withBatch("cifar-10-batches-py/data_batch_3", content, python(2));
const without = (files: Files, name: string): Files =>
  Object.fromEntries(Object.entries(files).filter(([key]) => !key.endsWith(name)));
const data = { bytes: new Uint8Array(2 * PIXELS), shape: [2, PIXELS] };

describe("refuses", () => {
  const hostile: [string, () => Files, string][] = [
    ["an empty folder", () => ({}), "but it has no files"],
    ["other files", () => ({ "notes.txt": Buffer.from("a") }), "but its 1 files are others, as notes.txt"],
    ["other images", () => ({ "cats/1.png": Buffer.from("a") }), "cats/1.png of "],
    ["images beside the classes", () => ({ ...png.train, "a.png": Buffer.from("a") }), "a.png of "],
    [
      "two forms",
      () => ({ ...binary, ...python(2) }),
      "it holds binary batches and Python batches. Give the path of one",
    ],
    ["a batch twice", () => ({ ...binary, ...below("copy", binary) }), "it has data_batch_1.bin more than once"],
    ["an image twice", () => ({ ...png.train, ...below("copy", png.train) }), "more than once"],
    ["a batch that is missing", () => without(binary, "batch_4.bin"), "data_batch_4.bin is missing"],
    [
      "other classes",
      () => withBatch("cifar-10-batches-bin/batches.meta.txt", Buffer.from("cat\ndog\n")),
      'its classes are "cat", "dog"',
    ],
    [
      "other classes in a pickle",
      () => withBatch("cifar-10-batches-py/batches.meta", pickleOf({}), python(2)),
      "its classes are undefined",
    ],
    ["a record cut off", () => bin(new Uint8Array(3072)), "its 3072 bytes are no whole records of 3073"],
    ["an empty batch", () => bin(new Uint8Array()), "its 0 bytes are no whole records"],
    ["a label out of range", () => bin(Buffer.alloc(3073, 10)), "its image 0 has the label 10; there are 0 … 9"],
    ["a pickle cut off", () => py(pickleOf({ data, labels: [1, 2] }).subarray(0, 3000)), "it is cut off"],
    [
      "a pickle that is a program",
      () => py(Buffer.from("cos\nsystem\n(U\x02idtR.", "latin1")),
      `asks for Python's "os system"`,
    ],
    ["a pickle of something else", () => py(pickleOf([1, 2])), "it is no pickled dictionary"],
    ["a pickle without data", () => py(pickleOf({ labels: [1, 2] })), "it has no array called data"],
    ["a pickle without labels", () => py(pickleOf({ data })), "it has no list called labels"],
    ["labels that are missing", () => py(pickleOf({ data, labels: [1] })), "it has 2 images and 1 labels"],
    ["labels out of range", () => py(pickleOf({ data, labels: [1, -1] })), "its image 1 has the label -1"],
    ["labels of text", () => py(pickleOf({ data, labels: [1, "cat"] })), 'its image 1 has the label "cat"'],
    [
      "floats",
      () => py(pickleOf({ data: { bytes: new Uint8Array(4 * PIXELS), shape: [1, PIXELS], type: "f4" }, labels: [1] })),
      "its data are float32 [1,3072], not uint8 [N,3072]",
    ],
    [
      "images of another size",
      () => py(pickleOf({ data: { bytes: new Uint8Array(12288), shape: [1, 12288] }, labels: [1] })),
      "its data are uint8 [1,12288]",
    ],
    [
      "fewer pixels than the shape says",
      () => py(pickleOf({ data: { bytes: new Uint8Array(10), shape: [1, PIXELS] }, labels: [1] })),
      "an array has 10 bytes, its shape [1,3072] needs 3072",
    ],
  ];

  test.each(hostile)("%s", async (_, files, message) => {
    const path = await written(files());
    const error = await cifar10Listing(path).then(undefined, (thrown: Error) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect(error).toHaveProperty("message", expect.stringContaining(message));
    expect(error).toHaveProperty("message", expect.stringContaining(path));
  });

  test("what is not there", async () => {
    await expect(cifar10Listing("/nowhere/at/all")).rejects.toThrow("but there is nothing. Check the path.");
  });
});
