/**
 * @file Colour profiles that consist of curves and a matrix (ICC.1:2022 §8.3.3, §8.3.4), applied in floating point: all that
 * cameras, screens and editors write. Little CMS is exact for images of 8 bits; of more, it interpolates in a coarse table.
 */

/** From an image's numbers to linear light of sRGB: a curve for each channel, then a matrix. */
export interface MatrixProfile {
  /** One for grey, three for RGB; [0, 1] to [0, 1]. */
  curves: readonly Curve[];
  /** By rows, from linear channels, of grey three times the same, to linear sRGB. */
  matrix: readonly (readonly number[])[];
}

type Curve = (value: number) => number;

/** The device colour spaces of such profiles. */
export type DeviceSpace = "GRAY" | "RGB ";

/** From XYZ at D50, in which profiles are given, to linear sRGB: Bradford's adaptation (Lindbloom). */
const SRGB_FROM_D50 = [
  [3.1338561, -1.6168667, -0.4906146],
  [-0.9787684, 1.9161415, 0.033454],
  [0.0719453, -0.2289914, 1.4052427],
];

const decodeSrgb: Curve = (value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
const encodeSrgb: Curve = (value) => (value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055);

/** Display P3: the primaries of DCI-P3, the white of D65 and the curve of sRGB. */
export const displayP3: MatrixProfile = {
  curves: [decodeSrgb, decodeSrgb, decodeSrgb],
  matrix: fromColumns([
    [0.515102, 0.241182, -0.00105],
    [0.291965, 0.692236, 0.041882],
    [0.157153, 0.066582, 0.784378],
  ]),
};

/** The matrix to linear sRGB, of the primaries' XYZ at D50. */
function fromColumns(primaries: readonly number[][]): number[][] {
  return SRGB_FROM_D50.map((row) =>
    primaries.map((primary) => row.reduce((sum, factor, i) => sum + factor * primary[i], 0)),
  );
}

const IDENTITY = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
];

const HEADER = 128;
const ENTRY = 12;

/**
 * Reads a profile.
 *
 * @param profile - hostile
 * @param space - of the image's numbers
 * @returns undefined when it is damaged, of another space, or of another kind, as one that has a table of colours
 */
export function parseMatrixProfile(profile: Uint8Array, space: DeviceSpace): MatrixProfile | undefined {
  const bytes = Buffer.from(profile.buffer, profile.byteOffset, profile.length);
  const text = (at: number) => bytes.toString("latin1", at, at + 4);
  if (bytes.length < HEADER + 4 || text(36) !== "acsp" || text(16) !== space || text(20) !== "XYZ ") return undefined;
  const tags = new Map<string, Buffer>();
  for (let i = 0; i < bytes.readUInt32BE(HEADER); i++) {
    const at = HEADER + 4 + ENTRY * i;
    if (at + ENTRY > bytes.length) return undefined;
    const from = bytes.readUInt32BE(at + 4);
    tags.set(text(at), bytes.subarray(from, from + bytes.readUInt32BE(at + 8)));
  }
  if (tags.has("A2B0") || tags.has("D2B0")) return undefined;
  const curvesOf = (...names: string[]) => names.map((name) => parseCurve(tags.get(name)));
  const curves = space === "GRAY" ? curvesOf("kTRC") : curvesOf("rTRC", "gTRC", "bTRC");
  if (!curves.every((curve) => curve !== undefined)) return undefined;
  if (space === "GRAY") return { curves, matrix: IDENTITY };
  const primaries = ["rXYZ", "gXYZ", "bXYZ"].map((name) => parseXyz(tags.get(name)));
  return primaries.every((each) => each !== undefined) ? { curves, matrix: fromColumns(primaries) } : undefined;
}

/** A number of 16 bits before the point, with its sign, and 16 after it. */
const fixed = (bytes: Buffer, at: number): number => bytes.readInt32BE(at) / 65536;

/** `XYZType` (§10.31). */
function parseXyz(tag: Buffer | undefined): number[] | undefined {
  if (!tag || tag.length < 20 || tag.toString("latin1", 0, 4) !== "XYZ ") return undefined;
  return [8, 12, 16].map((at) => fixed(tag, at));
}

/** `curveType` (§10.6) or `parametricCurveType` (§10.18). */
function parseCurve(tag: Buffer | undefined): Curve | undefined {
  if (!tag || tag.length < 12) return undefined;
  const type = tag.toString("latin1", 0, 4);
  if (type === "para") return parametric(tag);
  if (type !== "curv") return undefined;
  const count = tag.readUInt32BE(8);
  if (count === 0) return (value) => value;
  if (tag.length < 12 + 2 * count) return undefined;
  if (count === 1) return power(tag.readUInt16BE(12) / 256);
  return (value) => {
    const place = value * (count - 1);
    const below = Math.min(Math.floor(place), count - 2);
    const [low, high] = [tag.readUInt16BE(12 + 2 * below), tag.readUInt16BE(14 + 2 * below)];
    return (low + (high - low) * (place - below)) / 65535;
  };
}

const power = (gamma: number): Curve | undefined => (gamma > 0 ? (value) => value ** gamma : undefined);

/** How many numbers each kind of parametric curve has. */
const parameterCounts = [1, 3, 4, 5, 7];

/** Y = (aX + b)^g + c where X ≥ d, else Y = eX + f; kinds with fewer numbers leave out the last of these. */
function parametric(tag: Buffer): Curve | undefined {
  const kind = tag.readUInt16BE(8);
  const count = parameterCounts[kind];
  if (count === undefined || tag.length < 12 + 4 * count) return undefined;
  const [g, a = 1, b = 0, third = 0, fourth = 0, e = 0, f = 0] = Array.from({ length: count }, (_, i) =>
    fixed(tag, 12 + 4 * i),
  );
  if (!(g > 0) || (kind > 0 && !(a > 0))) return undefined;
  const above = (value: number, offset: number) => Math.max(a * value + b, 0) ** g + offset;
  if (kind === 0) return power(g);
  if (kind === 1) return (value) => (value >= -b / a ? above(value, 0) : 0);
  if (kind === 2) return (value) => (value >= -b / a ? above(value, third) : third);
  if (kind === 3) return (value) => (value >= fourth ? above(value, 0) : third * value);
  return (value) => (value >= fourth ? above(value, e) : third * value + f);
}

/** Steps of linear light for which the curve of sRGB is kept. */
const STEPS = 65536;
let encoded: Float32Array | undefined;

/**
 * Pixels to sRGB of 8 bits, laid on white, in the memory in which they are. A colour that sRGB does not have becomes the
 * nearest value of each channel.
 *
 * @param pixels - [N, channels] of 8 or 16 bits; overwritten
 * @param channels - grey or RGB, as the profile is, or one more for alpha
 * @returns uint8 [N, 3], in the same memory where that has room
 */
export function applyMatrixProfile(
  pixels: Uint8Array | Uint16Array,
  channels: number,
  { curves, matrix }: MatrixProfile,
): Uint8Array {
  encoded ??= Float32Array.from({ length: STEPS + 1 }, (_, i) => 255 * encodeSrgb(i / STEPS));
  const table = encoded;
  const most = pixels instanceof Uint16Array ? 65535 : 255;
  const [red, green = red, blue = red] = curves.map((curve) => tabulate(curve, most));
  const [greenAt, blueAt, alphaAt] = curves.length === 3 ? [1, 2, 3] : [0, 0, 1];
  const hasAlpha = channels > alphaAt;
  const [rr, rg, rb, gr, gg, gb, br, bg, bb] = matrix.flat();
  const show = (light: number, alpha: number) =>
    Math.round(255 + (table[Math.round(STEPS * Math.min(Math.max(light, 0), 1))] - 255) * alpha);

  const count = pixels.length / channels;
  const roomy = channels * pixels.BYTES_PER_ELEMENT >= 3; // then no pixel is overwritten before it is read
  const result = roomy ? new Uint8Array(pixels.buffer, pixels.byteOffset, 3 * count) : new Uint8Array(3 * count);
  for (let from = 0, to = 0; to < result.length; from += channels, to += 3) {
    const alpha = hasAlpha ? pixels[from + alphaAt] / most : 1;
    const [r, g, b] = [red(pixels[from]), green(pixels[from + greenAt]), blue(pixels[from + blueAt])];
    result[to] = show(rr * r + rg * g + rb * b, alpha);
    result[to + 1] = show(gr * r + gg * g + gb * b, alpha);
    result[to + 2] = show(br * r + bg * g + bb * b, alpha);
  }
  return result;
}

/** A curve of whole numbers up to `most`, computed once for each that occurs. */
function tabulate(curve: Curve, most: number): (value: number) => number {
  const known = new Float64Array(most + 1).fill(-1); // which no curve gives
  return (value) => {
    const light = known[value];
    if (light >= 0) return light;
    known[value] = Math.max(curve(value / most), 0);
    return known[value];
  };
}
