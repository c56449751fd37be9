/**
 * @file The numbers of a file to sRGB of 8 bits, on white. libvips does it, by the file's profile. Of an image of 16 bits,
 * sharp would take colours to Display P3, and grey nowhere: there we apply the profile ourselves.
 */
import sharp, { type Metadata, type Sharp, type SharpOptions } from "sharp";
import { codedColours } from "./colour-code.js";
import type { ImageFormat } from "./image-format.js";
import {
  applyMatrixProfile,
  type DeviceSpace,
  displayP3,
  type MatrixProfile,
  parseMatrixProfile,
} from "./matrix-profile.js";

/** How files are opened, whatever is done with them: their size is checked by `openImage`, and a damaged one is refused. */
export const OPENING: SharpOptions = { limitInputPixels: false, failOn: "error" };

/** Pixels, [H, W, channels]. */
export interface Raw {
  data: Uint8Array;
  info: { width: number; height: number; channels: number };
}

/** What an image may consist of: channels without and with alpha; where it has 16 bits, what its profile is of, and its twin of 8. */
const spaces: Record<string, { channels: readonly number[]; deep?: { device: DeviceSpace; twin: string } }> = {
  "b-w": { channels: [1, 2] },
  grey16: { channels: [1, 2], deep: { device: "GRAY", twin: "b-w" } },
  srgb: { channels: [3, 4] },
  rgb16: { channels: [3, 4], deep: { device: "RGB ", twin: "srgb" } },
  cmyk: { channels: [4, 5] },
};

/** Names of the types of numbers that a TIFF may hold. */
const numberTypes: Record<string, string> = {
  ...{ char: "signed numbers of 8 bits", short: "signed numbers of 16 bits", int: "signed numbers of 32 bits" },
  ...{ uint: "numbers of 32 bits", float: "floating-point numbers", double: "floating-point numbers" },
  ...{ complex: "complex numbers", dpcomplex: "complex numbers" },
};

/**
 * Checks that the numbers of an image have one meaning: what is black and what is white is known of 8 and 16 bits alone.
 *
 * @throws Error saying what else they are
 */
export function expectColours({ space, depth, channels }: Metadata): void {
  const expected = "expected grey, RGB or CMYK of 8 or 16 bits";
  const known = spaces[space];
  if (depth !== "uchar" && depth !== "ushort") {
    throw new Error(`${expected}, got ${numberTypes[depth] ?? depth}, whose white is not known: convert it first`);
  }
  if (!known) throw new Error(`${expected}, got ${space}: convert it first`);
  if (!known.channels.includes(channels)) throw new Error(`${expected}, got ${channels} channels`);
}

/**
 * Upright pixels in sRGB of 8 bits, laid on white.
 *
 * A colour that sRGB does not have becomes the nearest value of each channel.
 *
 * @param metadata - of the image, which `expectColours` has accepted
 * @param run - decodes
 * @throws Error when its colours are declared in a way that is not read
 */
export async function toSrgb(
  bytes: Uint8Array,
  { format, metadata }: { format: ImageFormat; metadata: Metadata },
  run: (image: Sharp) => Promise<Raw>,
): Promise<Raw> {
  const { space, icc } = metadata;
  const { deep, channels } = spaces[space];
  const hasHue = channels.includes(3); // grey is the same in both
  const open = () => sharp(bytes, OPENING).autoOrient();
  const render = (image: Sharp) =>
    run(image.flatten({ background: "white" }).toColourspace("srgb").raw({ depth: "uchar" }));
  const apply = async (profile: MatrixProfile) => {
    const image = sharp(bytes, { ...OPENING, ignoreIcc: true }).autoOrient();
    const { data, info } = await run(image.toColourspace(space).raw({ depth: deep ? "ushort" : "uchar" }));
    const pixels = deep ? new Uint16Array(data.buffer, data.byteOffset, data.length / 2) : data;
    return { data: applyMatrixProfile(pixels, info.channels, profile), info: { ...info, channels: 3 } };
  };
  if (!icc) return codedColours(bytes, format) === "display p3" && hasHue ? apply(displayP3) : render(open());
  if (!deep) return render(open());
  const profile = parseMatrixProfile(icc, deep.device);
  return profile ? apply(profile) : render(open().pipelineColourspace(deep.twin));
}
