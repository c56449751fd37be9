import { expect, test } from "vitest";
import { readGoldenJson } from "../../../test/support/golden.js";
import { bicubic, box, createPass, resample } from "./resample.js";
import { resizeInterleaved, resizePixels } from "./resize.js";

interface Fixtures {
  crops: { from: [number, number]; resolution: number; planes: string }[];
  resizes: { filter: "box" | "bicubic"; from: [number, number]; to: [number, number]; planes: string }[];
}

/** What Pillow made of the same noise (test/fixtures/pillow/make.py). */
const pillow: Fixtures = readGoldenJson("pillow/resize.json");
const bytes = (base64: string) => [...Buffer.from(base64, "base64")];

/** The fixtures' noise, [H, W, 3]. */
function noise(width: number, height: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length: 3 * width * height }, (_, i) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const row = Math.floor(i / (3 * width));
    return row % 3 === 0 ? (state >>> 31 ? 255 : 0) : state >>> 24;
  });
}

const planesOf = (pixels: Uint8Array): Uint8Array =>
  Uint8Array.from(pixels, (_, i) => pixels[(i % (pixels.length / 3)) * 3 + Math.floor((3 * i) / pixels.length)]);

test.each(pillow.crops)(
  "the centre of $from at $resolution is Pillow's, to the bit",
  ({ from: [width, height], resolution, planes }) => {
    const pixels = noise(width, height);
    expect([...resizeInterleaved(pixels, { width, height, channels: 3 }, resolution)]).toEqual(bytes(planes));
    expect([...resizePixels(planesOf(pixels), width, height, resolution)]).toEqual(bytes(planes));
  },
);

test.each(pillow.resizes)("$filter from $from to $to is Pillow's, to the bit", ({ filter, from, to, planes }) => {
  const [columns, rows] = [0, 1].map((axis) => createPass({ box, bicubic }[filter], from[axis], to[axis]));
  const data = noise(...from);
  const made = [0, 1, 2].map((channel) => {
    const offset = channel + 3 * (rows.first * from[0] + columns.first);
    return [...resample({ data, offset, step: 3, stride: 3 * from[0] }, columns, rows)];
  });
  expect(made.flat()).toEqual(bytes(planes));
});

test("grey is repeated, with or without alpha; a fourth channel is skipped", () => {
  const grey = noise(10, 9).subarray(0, 90);
  const made = resizeInterleaved(grey, { width: 10, height: 9, channels: 1 }, 4);
  expect([...made.subarray(16, 32)]).toEqual([...made.subarray(0, 16)]);
  expect([...made.subarray(32)]).toEqual([...made.subarray(0, 16)]);
  const spread = (channels: number, copies: number) =>
    Uint8Array.from({ length: 90 * channels }, (_, i) =>
      i % channels < copies ? grey[Math.floor(i / channels)] : i % 256,
    );
  expect(resizeInterleaved(spread(2, 1), { width: 10, height: 9, channels: 2 }, 4)).toEqual(made);
  expect(resizeInterleaved(spread(4, 3), { width: 10, height: 9, channels: 4 }, 4)).toEqual(made);
});

test("a line of twenty thousand pixels takes no more than the crop needs", () => {
  for (const [width, height] of [
    [1, 20_000],
    [20_000, 1],
    [1, 2 ** 24],
    [2 ** 24, 1],
  ]) {
    const pixels = new Uint8Array(width * height).fill(7);
    const startMs = performance.now();
    const made = resizeInterleaved(pixels, { width, height, channels: 1 }, 64);
    expect(performance.now() - startMs).toBeLessThan(200);
    expect(made.every((value) => value === 7)).toBe(true);
  }
});

test("pixels of another size than is said are refused", () => {
  expect(() => resizePixels(new Uint8Array(3), 2, 1, 1)).toThrow("expected 6 bytes of pixels, got 3");
  expect(() => resizePixels(new Uint8Array(0), 0, 5, 4)).toThrow("expected an image, got one of 0×5");
});
