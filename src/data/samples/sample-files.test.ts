import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { expect, test } from "vitest";
import { temporaryFolder, writeFiles } from "../../../test/support/images.js";
import { encodeNpz } from "../../io/numpy/npz.js";
import { interleaved } from "../../io/pixels.js";
import type { Tensor } from "../../io/tensors/tensor.js";

import { type ImageStream, inParts } from "./image-stream.js";
import { openSamples } from "./sample-files.js";

const folder = await temporaryFolder();
const count = 5;
const resolution = 4;
const images = Uint8Array.from({ length: count * 3 * resolution ** 2 }, (_, i) => (i * 37) % 251);
const pixels = interleaved({ images, count, resolution });

const path = async (name: string, arrays: Record<string, Tensor>) => {
  await writeFile(join(folder, name), Buffer.concat(encodeNpz(arrays)));
  return join(folder, name);
};
const array = (shape: number[], data: Tensor["data"] = pixels, dtype: Tensor["dtype"] = "uint8") => ({
  dtype,
  shape,
  data,
});

async function all({ parts: stream }: ImageStream) {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return parts;
}

test.each(["arr_0", "arr0"])("images of an npz under %s, part by part", async (name) => {
  const file = await openSamples(await path(`${name}.npz`, { [name]: array([count, resolution, resolution, 3]) }), {
    partSize: 2,
  });
  expect(file).toMatchObject({ count, resolution });
  const parts = await all(file);
  expect(parts.map((part) => part.count)).toEqual([2, 2, 1]);
  expect(Buffer.concat(parts.map((part) => part.images)).equals(images)).toBe(true);
  expect(await all(file)).toEqual(parts); // read again
});

test("image files of a folder in the order of their names, as they are", async () => {
  const size = 3 * resolution ** 2;
  const files = Array.from({ length: count }, (_, image): [string, Buffer] => {
    return [`many/${count - image}.png`, Buffer.from(pixels.subarray(image * size, (image + 1) * size))];
  });
  const raw = { width: resolution, height: resolution, channels: 3 as const };
  const encoded = await Promise.all(
    files.map(async ([name, data]) => [name, await sharp(data, { raw }).png().toBuffer()]),
  );
  await writeFiles(folder, Object.fromEntries(encoded));
  const file = await openSamples(join(folder, "many"));
  expect(file).toMatchObject({ count, resolution });
  const [part] = await all(file);
  expect(part.images.subarray(0, size)).toEqual(images.subarray((count - 1) * size));
});

test("files of every format and depth give the colours that training gives", async () => {
  const red = (space: string) =>
    sharp({ create: { width: 4, height: 4, channels: 3, background: "#f00" } })
      .toColourspace(space)
      .withIccProfile("srgb");
  await writeFiles(folder, {
    "reds/a.png": red("srgb"),
    "reds/b.png": red("rgb16"),
    "reds/c.TIF": await red("srgb").tiff({ compression: "lzw" }).toBuffer(),
    "reds/d.avif": red("srgb").avif({ lossless: true }),
  });
  const [{ images: all4, count: reds }] = await all(await openSamples(join(folder, "reds")));
  const plane = (value: number) => new Array(16).fill(value);
  const one = [...plane(255), ...plane(0), ...plane(0)];
  expect(reds).toBe(4);
  expect([...all4]).toEqual([...one, ...one, ...one, ...one]);
});

test.each<[string, Record<string, Tensor>, string]>([
  ["another name", { samples: array([count, resolution, resolution, 3]) }, "but it holds samples.npy"],
  ["planes first", { arr_0: array([count, 3, resolution, resolution]) }, "but its array is uint8 [5, 3, 4, 4]"],
  ["oblong", { arr_0: array([count, 8, 2, 3]) }, "but its array is uint8 [5, 8, 2, 3]"],
  ["floats", { arr_0: array([1, 2, 2, 3], new Float32Array(12), "float32") }, "but its array is float32 [1, 2, 2, 3]"],
])("an npz of %s is refused", async (name, arrays, message) => {
  await expect(openSamples(await path(`${name}.npz`, arrays))).rejects.toThrow(message);
});

test("files of several sizes, oblong ones and none at all are refused", async () => {
  const plain = (width: number, height: number) =>
    sharp({ create: { width, height, channels: 3, background: "red" } })
      .png()
      .toBuffer();
  await writeFiles(folder, {
    "sizes/a.png": await plain(4, 4),
    "sizes/b.png": await plain(8, 8),
    "oblong/a.png": await plain(8, 4),
    "none/a.txt": "text",
  });
  const sizes = await openSamples(join(folder, "sizes"));
  await expect(all(sizes)).rejects.toThrow("expected images of one size, but a.png has 4×4 pixels and b.png 8×8");
  await expect(openSamples(join(folder, "oblong"))).rejects.toThrow("a.png cannot be used: it has 8×4 pixels");
  await expect(openSamples(join(folder, "none"))).rejects.toThrow(
    "there is no JPEG, PNG, WebP, GIF, AVIF or TIFF file",
  );
});

test("an array that claims more images than its file has is refused before anything is made for them", async () => {
  const claimed = [2 ** 31, 32, 32, 3];
  const bytes = 2 ** 31 * 32 * 32 * 3;
  const hostile = await path("hostile.npz", { arr_0: array(claimed, new Uint8Array(64)) });
  await expect(openSamples(hostile)).rejects.toThrow(
    `Expected a NumPy array in arr_0.npy of ${hostile}, but it has 64 bytes, its shape [${claimed}] needs ${bytes}.`,
  );
});

test("parts of large images have fewer of them", async () => {
  const large = 2048; // 12 MB: five are less than 64 MB
  const image = new Uint8Array(3 * large ** 2);
  const six = (async function* () {
    for (let i = 0; i < 6; i++) yield image;
  })();
  const counts = [];
  for await (const part of inParts(six, { resolution: large, partSize: 256 })) counts.push(part.count);
  expect(counts).toEqual([5, 1]);
});
