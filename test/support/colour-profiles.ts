/** @file ICC profiles written by hand, and what their colours are in sRGB by published numbers, in float64. */

type Triple = [number, number, number];

/** A space of colours of three channels. */
interface Space {
  /** Columns of its primaries in XYZ at D50, as profiles have them (Lindbloom, Bradford). */
  d50: [Triple, Triple, Triple];
  /** Rows of the matrix from its linear channels to XYZ at D65 (CSS Color 4, §18). */
  toXyz: [Triple, Triple, Triple];
  /** Its curve: a power, or that of sRGB. */
  gamma: number | "srgb";
}

const srgbXyz: Space["toXyz"] = [
  [506752 / 1228815, 87881 / 245763, 12673 / 70218],
  [87098 / 409605, 175762 / 245763, 12673 / 175545],
  [7918 / 409605, 87881 / 737289, 1001167 / 1053270],
];

/** From XYZ at D65 to linear sRGB (CSS Color 4, §18). */
const xyzToSrgb: [Triple, Triple, Triple] = [
  [12831 / 3959, -329 / 214, -1974 / 3959],
  [-851781 / 878810, 1648619 / 878810, 36519 / 878810],
  [705 / 12673, -2585 / 12673, 705 / 667],
];

const srgbD50: Space["d50"] = [
  [0.4360747, 0.2225045, 0.0139322],
  [0.3850649, 0.7168786, 0.0971045],
  [0.1430804, 0.0606169, 0.7141733],
];

const rgbSpaces = {
  srgb: { d50: srgbD50, toXyz: srgbXyz, gamma: "srgb" },
  "display p3": {
    d50: [
      [0.51512, 0.2412, -0.00105],
      [0.29198, 0.69225, 0.04189],
      [0.1571, 0.06657, 0.78407],
    ],
    toXyz: [
      [608311 / 1250200, 189793 / 714400, 198249 / 1000160],
      [35783 / 156275, 247089 / 357200, 198249 / 2500400],
      [0, 32229 / 714400, 5220557 / 5000800],
    ],
    gamma: "srgb",
  },
  "adobe rgb": {
    d50: [
      [0.6097559, 0.3111242, 0.0194811],
      [0.2052401, 0.625656, 0.0608902],
      [0.149224, 0.0632197, 0.7448387],
    ],
    toXyz: [
      [573536 / 994567, 263643 / 1420810, 187206 / 994567],
      [591459 / 1989134, 6239551 / 9945670, 374412 / 4972835],
      [53769 / 1989134, 351524 / 4972835, 4929758 / 4972835],
    ],
    gamma: 563 / 256,
  },
  "linear srgb": { d50: srgbD50, toXyz: srgbXyz, gamma: 1 },
} satisfies Record<string, Space>;

const greyGammas = { "grey 2.2": 563 / 256, "grey linear": 1 };

export type RgbProfile = keyof typeof rgbSpaces;
export type GreyProfile = keyof typeof greyGammas;

const decodeSrgb = (value: number) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
const encodeSrgb = (value: number) => (value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055);
const times = (matrix: Triple[], vector: number[]) =>
  matrix.map((row) => row[0] * vector[0] + row[1] * vector[1] + row[2] * vector[2]);

/** A colour of a space in sRGB, channels in [0, 1]; what sRGB does not have is clipped. */
export function inSrgb(colour: readonly number[], profile: RgbProfile): number[] {
  const { toXyz, gamma }: Space = rgbSpaces[profile];
  const linear = colour.map((value) => (gamma === "srgb" ? decodeSrgb(value) : value ** gamma));
  return times(xyzToSrgb, times(toXyz, linear)).map((value) => encodeSrgb(Math.min(Math.max(value, 0), 1)));
}

/** A grey of a curve in sRGB. */
export const greyInSrgb = (value: number, profile: GreyProfile): number => encodeSrgb(value ** greyGammas[profile]);

const u16 = (value: number) => Buffer.from([value >>> 8, value & 255]);
const u32 = (value: number) => Buffer.from([value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]);
const fixed = (value: number) => u32(Math.round(value * 65536) >>> 0);
const text = (value: string) => Buffer.from(value, "latin1");
const xyz = (values: Triple) => Buffer.concat([text("XYZ "), u32(0), ...values.map(fixed)]);

/** A curve: sRGB's in its five numbers, or a power in steps of 1/256. */
function curve(gamma: number | "srgb"): Buffer {
  if (gamma !== "srgb") return Buffer.concat([text("curv"), u32(0), u32(1), u16(Math.round(gamma * 256)), u16(0)]);
  const parameters = [2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045];
  return Buffer.concat([text("para"), u32(0), u16(3), u16(0), ...parameters.map(fixed)]);
}

/** A profile of some tags. */
export function iccProfile(
  space: string,
  pcs: string,
  tags: [name: string, content: Buffer][],
  device = "mntr",
): Buffer {
  const start = 128 + 4 + 12 * tags.length;
  const contents = tags.map(([, content]) => Buffer.concat([content, Buffer.alloc(-content.length & 3)]));
  const places = contents.map((_, i) => start + contents.slice(0, i).reduce((sum, { length }) => sum + length, 0));
  const table = tags.flatMap(([name, content], i) => [text(name), u32(places[i]), u32(content.length)]);
  const body = Buffer.concat([u32(tags.length), ...table, ...contents]);
  const header = Buffer.alloc(128);
  header.writeUInt32BE(128 + body.length, 0);
  header.writeUInt32BE(0x02400000, 8); // version 2.4
  header.write(device, 12, "latin1");
  header.write(space, 16, "latin1");
  header.write(pcs, 20, "latin1");
  header.write("acsp", 36, "latin1");
  Buffer.concat([0.9642, 1, 0.8249].map(fixed)).copy(header, 68); // D50
  return Buffer.concat([header, body]);
}

/** The profile of a space of three channels. */
export function rgbProfile(name: RgbProfile): Buffer {
  const { d50, gamma }: Space = rgbSpaces[name];
  const curves = ["rTRC", "gTRC", "bTRC"].map((tag): [string, Buffer] => [tag, curve(gamma)]);
  const columns = ["rXYZ", "gXYZ", "bXYZ"].map((tag, i): [string, Buffer] => [tag, xyz(d50[i])]);
  return iccProfile("RGB ", "XYZ ", [["wtpt", xyz([0.9642, 1, 0.8249])], ...columns, ...curves]);
}

/** The profile of a grey. */
export const greyProfile = (name: GreyProfile): Buffer =>
  iccProfile("GRAY", "XYZ ", [
    ["wtpt", xyz([0.9642, 1, 0.8249])],
    ["kTRC", curve(greyGammas[name])],
  ]);

/**
 * The profile of a press whose inks add up as they should not: what it prints is the mean of Lab at the sixteen corners.
 *
 * @param lab - of the paper and each mixture of full inks, in the order of bits CMYK: L in [0, 100], a and b in [−128, 127]
 */
export function cmykProfile(lab: (corner: number) => Triple): Buffer {
  const identity = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
  const table = Array.from({ length: 16 }, (_, corner) => {
    const [l, a, b] = lab(corner);
    return [Math.round((l * 255) / 100), Math.round(a + 128), Math.round(b + 128)];
  });
  const matrix = [1, 0, 0, 0, 1, 0, 0, 0, 1].map(fixed);
  const content = [text("mft1"), u32(0), Buffer.from([4, 3, 2, 0]), ...matrix, ...new Array(4).fill(identity)];
  const lut = Buffer.concat([...content, Buffer.from(table.flat()), ...new Array(3).fill(identity)]);
  return iccProfile("CMYK", "Lab ", [["A2B0", lut]], "prtr");
}
