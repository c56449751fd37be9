import sharp from "sharp";
import { expect, test } from "vitest";
import type { Images } from "../data/image-set.js";
import { formationGrid, imageGrid, reconstructionGrid } from "./picture-grid.js";

/** `count` images of one colour each: image i has red 10·i, green 20·i, blue 255 − i. */
function plain(count: number, resolution = 2): Images {
  const plane = resolution ** 2;
  const images = new Uint8Array(count * 3 * plane);
  for (let i = 0; i < count; i++) {
    [10 * i, 20 * i, 255 - i].forEach((value, channel) => {
      images.fill(value, (i * 3 + channel) * plane, (i * 3 + channel + 1) * plane);
    });
  }
  return { images, count, resolution };
}

async function pixels(png: Uint8Array) {
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number) => [...data.subarray((y * info.width + x) * 3, (y * info.width + x) * 3 + 3)];
  return { width: info.width, height: info.height, channels: info.channels, at };
}

const paper = [226, 226, 226];

test("images go row by row, a thin gap between and round them, empty places left blank", async () => {
  const grid = await pixels(await imageGrid(plain(3), 2, { scale: 1 }));
  expect([grid.width, grid.height, grid.channels]).toEqual([10, 10, 3]);
  expect(grid.at(2, 2)).toEqual([0, 0, 255]);
  expect(grid.at(7, 3)).toEqual([10, 20, 254]);
  expect(grid.at(2, 6)).toEqual([20, 40, 253]);
  for (const [x, y] of [[1, 2], [4, 2], [5, 2], [2, 4], [6, 6], [9, 9]]) expect(grid.at(x, y)).toEqual(paper); // biome-ignore format: a list of points
});

test("the scale factor repeats pixels", async () => {
  const images = Uint8Array.from({ length: 12 }, (_, i) => 20 * i);
  const grid = await pixels(await imageGrid({ images, count: 1, resolution: 2 }, 1, { scale: 3 }));
  expect(grid.width).toBe(10);
  expect(grid.at(2, 2)).toEqual([0, 80, 160]);
  expect(grid.at(4, 4)).toEqual([0, 80, 160]);
  expect(grid.at(5, 4)).toEqual([20, 100, 180]);
  expect(grid.at(4, 5)).toEqual([40, 120, 200]);
  expect(grid.at(7, 7)).toEqual([60, 140, 220]);
});

test("small images are enlarged to 64 pixels or more by default, large ones left alone", async () => {
  expect((await pixels(await imageGrid(plain(1, 32), 1))).width).toBe(68);
  expect((await pixels(await imageGrid(plain(1, 64), 1))).width).toBe(68);
});

test("reconstructions stand right below their originals, pairs apart", async () => {
  const originals = plain(3);
  const images = Uint8Array.from(originals.images, (value) => 255 - value);
  const grid = await pixels(await reconstructionGrid(originals, { ...originals, images }, 2, { scale: 1 }));
  expect(grid.height).toBe(4 * 4 + 2 + 6);
  expect(grid.at(6, 2)).toEqual([10, 20, 254]);
  expect(grid.at(6, 6)).toEqual([245, 235, 1]);
  expect(grid.at(2, 11)).toEqual(paper);
  expect(grid.at(2, 16)).toEqual([20, 40, 253]);
  expect(grid.at(2, 20)).toEqual([235, 215, 2]);
});

test("formation: a row per image, a column per stage", async () => {
  const [first, second] = [plain(2), plain(4)];
  const later = { ...first, images: second.images.subarray(24) };
  const grid = await pixels(await formationGrid([first, later], { scale: 1 }));
  expect(grid.at(2, 6)).toEqual([10, 20, 254]);
  expect(grid.at(6, 2)).toEqual([20, 40, 253]);
  expect(grid.at(6, 6)).toEqual([30, 60, 252]);
});

test("labels take a margin of their own and are escaped", async () => {
  const bare = await pixels(await imageGrid(plain(2, 16), 1));
  const png = await imageGrid(plain(2, 16), 1, { rowLabels: ["<b>&", "two"], columnLabels: ["K = 1"] });
  const labelled = await pixels(png);
  expect(labelled.width).toBeGreaterThan(bare.width + 20);
  expect(labelled.height).toBe(bare.height + 22);
  expect(labelled.channels).toBe(3);
  const offset = labelled.width - bare.width;
  expect(labelled.at(offset + 2, 24)).toEqual([0, 0, 255]);
  const margin = Array.from({ length: offset * 66 }, (_, i) => labelled.at(i % offset, 22 + Math.floor(i / offset)));
  expect(margin.some(([red]) => red < 150)).toBe(true);
  expect(
    Buffer.from(png).equals(await imageGrid(plain(2, 16), 1, { rowLabels: ["<b>&", "two"], columnLabels: ["K = 1"] })),
  ).toBe(true);
});

test("a column's label may have lines, which take as much more room", async () => {
  const [one, two] = [["0"], ["0\n1²"]].map((columnLabels) => imageGrid(plain(1, 16), 1, { columnLabels }));
  expect((await pixels(await two)).height).toBe((await pixels(await one)).height + 12 + 4);
  expect((await pixels(await two)).width).toBe((await pixels(await one)).width);
});

test("what does not fit is refused with both sizes", async () => {
  await expect(imageGrid({ ...plain(2), count: 3 }, 2)).rejects.toThrow(
    "expected 3 images of 3×2×2 bytes, at least one, got 24 bytes",
  );
  await expect(imageGrid(plain(0), 2)).rejects.toThrow("at least one");
  await expect(reconstructionGrid(plain(2), plain(3), 2)).rejects.toThrow("got 2 of 2×2 and 3 of 2×2");
});
