import { expect, test } from "vitest";
import { greyProfile, iccProfile, rgbProfile } from "../../../test/support/colour-profiles.js";
import { iccChunk, pngOf } from "../../../test/support/encoded-images.js";
import { decodePixels } from "./decode.js";
import { applyMatrixProfile, parseMatrixProfile } from "./matrix-profile.js";

const text = (value: string) => Buffer.from(value, "latin1");
const u16 = (value: number) => Buffer.from([value >>> 8, value & 255]);
const fixed = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(Math.round(value * 65536));
  return bytes;
};
const parametric = (kind: number, ...numbers: number[]) =>
  Buffer.concat([text("para\0\0\0\0"), u16(kind), u16(0), ...numbers.map(fixed)]);
const table = (...values: number[]) =>
  Buffer.concat([text("curv\0\0\0\0"), u16(0), u16(values.length), ...values.map(u16)]);
const greyOf = (curve: Buffer) => parseMatrixProfile(iccProfile("GRAY", "XYZ ", [["kTRC", curve]]), "GRAY");

test.each<[string, Buffer, (x: number) => number]>([
  ["no numbers", table(), (x) => x],
  ["a power", table(2 * 256), (x) => x ** 2],
  ["a table", table(0, 6553, 65535), (x) => (x < 0.5 ? 0.2 * x : 0.1 + 1.8 * (x - 0.5))],
  ["kind 0", parametric(0, 2), (x) => x ** 2],
  ["kind 1", parametric(1, 2, 2, -0.5), (x) => (x < 0.25 ? 0 : (2 * x - 0.5) ** 2)],
  ["kind 2", parametric(2, 2, 0.5, 0.25, 0.1), (x) => (0.5 * x + 0.25) ** 2 + 0.1],
  ["kind 3", parametric(3, 2, 1, 0, 0.25, 0.25), (x) => (x < 0.25 ? x / 4 : x ** 2)],
  ["kind 4", parametric(4, 2, 1, 0, 0.25, 0.25, 0.125, 0.0625), (x) => (x < 0.25 ? x / 4 + 0.0625 : x ** 2 + 0.125)],
])("a curve of %s", (_, curve, expected) => {
  const profile = greyOf(curve)!;
  for (let x = 0; x <= 1; x += 0.125) expect(profile.curves[0](x)).toBeCloseTo(expected(x), 3);
});

test("light of sRGB is written in its own curve, and on white", () => {
  const grey = greyOf(table())!; // linear
  expect([...applyMatrixProfile(Uint16Array.of(0, 131, 14037, 65535), 1, grey)]).toEqual(
    [0, 7, 128, 255].flatMap((value) => [value, value, value]), // 131 / 65535 · 12.92 · 255, and the middle of CSS
  );
  const behind = Uint16Array.of(0, 65535, 0, 0, 0, 32768);
  expect([...applyMatrixProfile(behind, 2, grey)]).toEqual([0, 255, 127].flatMap((value) => [value, value, value]));
  expect([...applyMatrixProfile(Uint8Array.of(0, 255, 255, 128), 2, grey)].slice(0, 3)).toEqual([0, 0, 0]);
});

test.each([
  ["of another space", rgbProfile("srgb"), "GRAY"],
  ["with a table of colours", iccProfile("RGB ", "XYZ ", [["A2B0", Buffer.alloc(99)]]), "RGB "],
  ["without a curve", iccProfile("GRAY", "XYZ ", []), "GRAY"],
  ["with a curve cut off", iccProfile("GRAY", "XYZ ", [["kTRC", table(1, 2, 3).subarray(0, 14)]]), "GRAY"],
  ["with a power of 0", iccProfile("GRAY", "XYZ ", [["kTRC", table(0)]]), "GRAY"],
  ["with a curve of a kind that there is not", iccProfile("GRAY", "XYZ ", [["kTRC", parametric(5, 1)]]), "GRAY"],
  ["of Lab", iccProfile("GRAY", "Lab ", [["kTRC", table()]]), "GRAY"],
  ["of nothing", Buffer.alloc(0), "RGB "],
] as const)("a profile %s is none of these", (_, profile, space) => {
  expect(parseMatrixProfile(profile, space)).toBeUndefined();
});

test("whatever a profile contains, an image comes of it", async () => {
  let state = 7;
  const random = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const rgb = { width: 4, height: 4, depth: 16, channels: 3, samples: Array.from({ length: 48 }, (_, i) => 1300 * i) };
  const grey = { ...rgb, channels: 1 };
  for (let i = 0; i < 200; i++) {
    const [image, profile] = i % 2 ? [rgb, rgbProfile("adobe rgb")] : [grey, greyProfile("grey 2.2")];
    for (let changes = 0; changes <= i % 5; changes++) profile[random(profile.length)] = random(256);
    const chunks = [iccChunk(i % 7 ? profile : profile.subarray(0, random(profile.length)))];
    expect((await decodePixels(pngOf(image, { chunks }))).data).toHaveLength(48);
  }
});
