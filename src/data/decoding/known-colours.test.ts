/** @file Decoded colours beside those that the published definitions of colour spaces give, whatever a file is made of. */
import { readFile } from "node:fs/promises";
import sharp from "sharp";
import { expect, test } from "vitest";
import {
  cmykProfile,
  type GreyProfile,
  greyInSrgb,
  greyProfile,
  iccProfile,
  inSrgb,
  type RgbProfile,
  rgbProfile,
} from "../../../test/support/colour-profiles.js";
import { iccChunk, photometric, pngChunk, pngOf, type Samples, tiffOf } from "../../../test/support/encoded-images.js";
import { type Channels, colours, PATCH, patches } from "../../../test/support/known-colours.js";
import { decodePixels } from "./decode.js";

type Profile = "none" | RgbProfile | GreyProfile;
const profileBytes = (profile: Profile): Buffer | undefined =>
  profile === "none"
    ? undefined
    : profile.startsWith("grey ")
      ? greyProfile(profile as GreyProfile)
      : rgbProfile(profile as RgbProfile);

/** What each patch is to be, 0 … 255 and not rounded: of the numbers that the file holds. */
function expectedOf({ samples, channels, depth }: Samples, profile: Profile): number[][] {
  const most = 2 ** depth - 1;
  return colours.map((_, patch) => {
    const from = patch * PATCH * channels;
    const values = Array.from({ length: channels }, (_, channel) => samples[from + channel] / most);
    const alpha = channels % 2 === 0 ? values.pop()! : 1;
    const rgb = values.length === 1 ? [values[0], values[0], values[0]] : values;
    const known =
      profile === "none"
        ? rgb
        : profile.startsWith("grey ")
          ? rgb.map((each) => greyInSrgb(each, profile as GreyProfile))
          : inSrgb(rgb, profile as RgbProfile);
    return known.map((each) => 255 * (each * alpha + 1 - alpha));
  });
}

/** The middle of each patch of a file. */
async function patchesOf(file: Uint8Array, count = colours.length): Promise<number[][]> {
  const { data, info } = await decodePixels(file);
  expect(info).toMatchObject({ width: PATCH * count, height: PATCH, channels: 3 });
  return Array.from({ length: count }, (_, patch) => {
    const at = 3 * (PATCH * count * (PATCH / 2) + PATCH * patch + PATCH / 2);
    return [...data.subarray(at, at + 3)];
  });
}

function expectNear(found: number[][], expected: number[][], tolerance: number): void {
  found.forEach((patch, index) => {
    patch.forEach((value, channel) => {
      const off = Math.abs(value - expected[index][channel]);
      if (off > tolerance) throw new Error(`patch ${index}: expected ${expected[index].map(Math.round)}, got ${patch}`);
    });
  });
}

const rgbProfiles: Profile[] = ["none", "srgb", "display p3", "adobe rgb", "linear srgb"];
const greyProfiles: Profile[] = ["none", "grey 2.2", "grey linear"];
const profilesOf = (channels: Channels) => (channels.startsWith("grey") ? greyProfiles : rgbProfiles);

/** Every depth, all channels, every profile that fits them. */
const everyChannels: Channels[] = ["grey", "grey and alpha", "rgb", "rgb and alpha"];
const table = everyChannels.flatMap((channels) =>
  [8, 16].flatMap((depth) =>
    profilesOf(channels).map((profile): [Channels, number, Profile] => [channels, depth, profile]),
  ),
);

test.each(table)("%s of %i bits with profile %s in PNG and TIFF", async (channels, depth, profile) => {
  const image = patches(channels, depth);
  const icc = profileBytes(profile);
  const expected = expectedOf(image, profile);
  const extraSample = image.channels % 2 === 0 ? 2 : undefined;
  const kind = channels.startsWith("grey") ? photometric.blackIsZero : photometric.rgb;
  expectNear(await patchesOf(pngOf(image, { chunks: icc && [iccChunk(icc)] })), expected, 1.5);
  expectNear(await patchesOf(tiffOf(image, { photometric: kind, extraSample, icc })), expected, 1.5);
});

test.each(
  rgbProfiles.flatMap((profile) =>
    (["rgb", "rgb and alpha"] as const).map((channels): [Channels, Profile] => [channels, profile]),
  ),
)("%s with profile %s in WebP, AVIF and JPEG", async (channels, profile) => {
  const image = patches(channels, 8);
  const icc = profileBytes(profile);
  const expected = expectedOf(image, profile);
  const png = sharp(pngOf(image, { chunks: icc && [iccChunk(icc)] })).keepIccProfile();
  const visible = ([, , , alpha]: number[]) => alpha > 0; // codecs may change what cannot be seen
  expect(colours.filter(visible).length).toBe(colours.length - 1);
  expectNear(await patchesOf(await png.clone().webp({ lossless: true, exact: true }).toBuffer()), expected, 1.5);
  expectNear(await patchesOf(await png.clone().avif({ lossless: true, effort: 0 }).toBuffer()), expected, 3);
  if (channels === "rgb") {
    const jpeg = await png.clone().jpeg({ quality: 100, chromaSubsampling: "4:4:4" }).toBuffer();
    expectNear(await patchesOf(jpeg), expected, profile === "linear srgb" ? 16 : 4); // one step of a dark number is many
  }
});

test.each<Profile>(greyProfiles)("a grey JPEG with profile %s", async (profile) => {
  const image = patches("grey", 8);
  const icc = profileBytes(profile);
  const png = pngOf(image, { chunks: icc && [iccChunk(icc)] });
  const jpeg = await sharp(png).toColourspace("b-w").keepIccProfile().jpeg({ quality: 100 }).toBuffer();
  expect((await sharp(jpeg).metadata()).channels).toBe(1);
  expectNear(await patchesOf(jpeg), expectedOf(image, profile), profile === "grey linear" ? 8 : 2);
});

test.each([1, 2, 4])("grey of %i bits, and as many colours of a palette", async (depth) => {
  const image = patches("grey", depth);
  const expected = expectedOf(image, "none");
  expectNear(await patchesOf(pngOf(image)), expected, 0.5);
  expectNear(await patchesOf(tiffOf(image, { photometric: photometric.blackIsZero })), expected, 0.5);
  const inverted = tiffOf(image, { photometric: photometric.whiteIsZero });
  expectNear(
    await patchesOf(inverted),
    expected.map((patch) => patch.map((value) => 255 - value)),
    0.5,
  );

  const entries = Array.from({ length: 2 ** depth }, (_, i) => [(i * 53) % 256, (i * 101 + 9) % 256, (i * 7) % 256]);
  const named = colours.map((_, patch) => entries[image.samples[patch * PATCH]]);
  expectNear(await patchesOf(pngOf(image, { palette: entries.flat() })), named, 0);
  const p3 = pngOf(image, { palette: entries.flat(), chunks: [iccChunk(rgbProfile("display p3"))] });
  const mapped = named.map((rgb) => inSrgb(rgb.map((each) => each / 255), "display p3").map((each) => 255 * each)); // biome-ignore format: one line
  expectNear(await patchesOf(p3), mapped, 1.5);
  const palette = [0, 1, 2].flatMap((channel) => entries.map((entry) => 257 * entry[channel]));
  expectNear(await patchesOf(tiffOf(image, { photometric: photometric.palette, palette })), named, 0);
  const half = pngChunk("tRNS", Buffer.from(entries.map(() => 128)));
  const halfway = named.map((rgb) => rgb.map((value) => 255 + (128 / 255) * (value - 255)));
  expectNear(await patchesOf(pngOf(image, { palette: entries.flat(), chunks: [half] })), halfway, 1);
});

test.each([8, 16])("one transparent colour of %i bits in a PNG", async (depth) => {
  const most = 2 ** depth - 1;
  const key = (...channels: number[]) =>
    pngChunk("tRNS", Buffer.from(channels.flatMap((each) => [each >> 8, each & 255])));
  const image = patches("rgb", depth);
  const white = expectedOf(image, "none").with(0, [255, 255, 255]).with(10, [255, 255, 255]); // both red
  expectNear(await patchesOf(pngOf(image, { chunks: [key(most, 0, 0)] })), white, 1);
  const grey = patches("grey", depth);
  const clear = expectedOf(grey, "none").map((patch) => (patch[0] === 0 ? [255, 255, 255] : patch));
  expectNear(await patchesOf(pngOf(grey, { chunks: [key(0)] })), clear, 1);
});

test("a TIFF whose colours are multiplied by alpha", async () => {
  const image = patches("rgb and alpha", 8);
  const samples = Array.from({ length: image.samples.length }, (_, i) => {
    const alpha = image.samples[4 * Math.floor(i / 4) + 3];
    return i % 4 === 3 ? alpha : Math.round((image.samples[i] * alpha) / 255);
  });
  const file = tiffOf({ ...image, samples }, { photometric: photometric.rgb, extraSample: 1 });
  expectNear(await patchesOf(file), expectedOf(image, "none"), 2);
});

test("CMYK of 8 and 16 bits by its profile, and as well in a JPEG", async () => {
  const lightness = (corner: number) => 100 - (corner * 20) / 3; // paper white, all inks black
  const icc = cmykProfile((corner) => [lightness(corner), 0, 0]);
  const corners = Array.from({ length: 12 }, (_, i) => (i === 11 ? 15 : i));
  const expected = corners.map((corner) => {
    const l = Math.round(lightness(corner) * 2.55) / 2.55;
    const y = l > 8 ? ((l + 16) / 116) ** 3 : l / 903.3;
    return new Array(3).fill(255 * greyInSrgb(y, "grey linear"));
  });
  const inks = corners.map((corner) => [8, 4, 2, 1].map((bit) => (corner & bit ? 1 : 0)));
  const file = (depth: number) => {
    const row = inks.flatMap((each) => new Array(PATCH).fill(each.map((ink) => ink * (2 ** depth - 1))).flat());
    const samples = new Array(PATCH).fill(row).flat();
    const image = { width: PATCH * corners.length, height: PATCH, depth, channels: 4, samples };
    return tiffOf(image, { photometric: photometric.separated, icc });
  };
  expectNear(await patchesOf(file(8)), expected, 2);
  expectNear(await patchesOf(file(16)), expected, 2);
  const cmyk = sharp(file(8)).pipelineColourspace("cmyk").toColourspace("cmyk").keepIccProfile();
  const jpeg = await cmyk.jpeg({ quality: 100, chromaSubsampling: "4:4:4" }).toBuffer();
  expect((await sharp(jpeg).metadata()).space).toBe("cmyk");
  expectNear(await patchesOf(jpeg), expected, 4);
});

/** What cannot be a profile of an image of three channels, or is one of no use. */
const useless: [string, Buffer][] = [
  ["of zeros", Buffer.alloc(500)],
  ["for grey", greyProfile("grey linear")],
  ["for CMYK", cmykProfile(() => [50, 0, 0])],
  ["without curves", iccProfile("RGB ", "XYZ ", [])],
  ["cut off", rgbProfile("display p3").subarray(0, 240)],
  ["of a device link", iccProfile("RGB ", "RGB ", [], "link")],
  ["whose tags lie outside", Buffer.from(rgbProfile("display p3")).fill(0xff, 132 + 4, 132 + 8 + 12 * 7)],
  ["with a curve that is none", Buffer.from(rgbProfile("display p3")).fill(0x41, 300)],
];

test.each(useless)("a profile %s is ignored, at 16 bits as at 8", async (_, icc) => {
  for (const depth of [8, 16]) {
    const image = patches("rgb", depth);
    expectNear(await patchesOf(pngOf(image, { chunks: [iccChunk(icc)] })), expectedOf(image, "none"), 1);
  }
});

test("the row of the trials: red of 16 bits with the sRGB profile of sharp is red, and so is its twin", async () => {
  for (const space of ["srgb", "rgb16"]) {
    const red = sharp({ create: { width: 2, height: 2, channels: 3, background: "#f00" } });
    const png = await red.toColourspace(space).withIccProfile("srgb").png().toBuffer();
    expect([...(await decodePixels(png)).data]).toEqual(new Array(4).fill([255, 0, 0]).flat());
  }
});

test("a PNG may declare its colours by code points: Display P3 is converted, sRGB left, and HDR named", async () => {
  const coded = (primaries: number, transfer: number) => [pngChunk("cICP", Buffer.from([primaries, transfer, 0, 1]))];
  for (const [channels, depth] of [
    ["rgb", 8],
    ["rgb and alpha", 16],
    ["grey", 8],
  ] as const) {
    // biome-ignore format: one line
    const image = patches(channels, depth);
    expectNear(await patchesOf(pngOf(image, { chunks: coded(12, 13) })), expectedOf(image, "display p3"), 1.5);
    expectNear(await patchesOf(pngOf(image, { chunks: coded(1, 13) })), expectedOf(image, "none"), 1);
  }
  const refusal = (primaries: number, transfer: number) =>
    decodePixels(pngOf(patches("rgb", 8), { chunks: coded(primaries, transfer) })).catch(({ message }) => message);
  const expected = "expected colours of sRGB or Display P3, got ";
  expect(await refusal(9, 16)).toBe(`${expected}HDR (PQ): convert it to sRGB first`);
  expect(await refusal(9, 18)).toBe(`${expected}HDR (HLG): convert it to sRGB first`);
  expect(await refusal(9, 1)).toBe(`${expected}primaries 9 and transfer 1 of H.273: convert it to sRGB first`);
});

test.each<[string, Channels, number, Profile]>([
  ["rgb-10", "rgb", 10, "none"],
  ["rgb-10-p3", "rgb", 10, "display p3"],
  ["rgb-alpha-8-p3", "rgb and alpha", 8, "display p3"],
  ["rgb-alpha-12-icc-p3", "rgb and alpha", 12, "display p3"],
  ["moving", "rgb", 8, "none"], // its first picture
])("%s.avif: %s of %i bits, %s by code points or a profile", async (name, channels, depth, profile) => {
  const file = await readFile(new URL(`../../../test/fixtures/avif/${name}.avif`, import.meta.url));
  expectNear(await patchesOf(file), expectedOf(patches(channels, depth), profile), 1.5);
});

test("an AVIF in HDR is named", async () => {
  const file = await readFile(new URL("../../../test/fixtures/avif/rgb-10-pq.avif", import.meta.url));
  await expect(decodePixels(file)).rejects.toThrow("expected colours of sRGB or Display P3, got HDR (PQ)");
});

test("what is black and white in a TIFF of other numbers is not known, so it is named", async () => {
  const image = { width: 2, height: 2, channels: 3, samples: new Array(12).fill(1) };
  const file = (depth: number, sampleFormat: number, channels = 3) =>
    tiffOf(
      { ...image, depth, channels },
      {
        photometric: channels === 3 ? photometric.rgb : photometric.blackIsZero,
        sampleFormat,
        data: Buffer.alloc((4 * channels * depth) / 8),
      },
    );
  const refusal = (bytes: Uint8Array) => decodePixels(bytes).catch(({ message }) => message);
  const expected = "expected grey, RGB or CMYK of 8 or 16 bits, got ";
  const unknown = ", whose white is not known: convert it first";
  expect(await refusal(file(32, 3))).toBe(`${expected}floating-point numbers${unknown}`);
  expect(await refusal(file(32, 3, 1))).toBe(`${expected}floating-point numbers${unknown}`);
  expect(await refusal(file(32, 1))).toBe(`${expected}numbers of 32 bits${unknown}`);
  expect(await refusal(file(16, 2))).toBe(`${expected}signed numbers of 16 bits${unknown}`);
  expect(await refusal(file(8, 2, 1))).toBe(`${expected}signed numbers of 8 bits${unknown}`);
  expect(await refusal(file(8, 1, 5))).toBe(`${expected}5 channels`);
});
