/**
 * @file The numbers of a file to sRGB of 8 bits, on white. libvips does it, by the file's profile. Of an image of 16 bits,
 * sharp would take colours to Display P3, and grey nowhere: there we apply the profile ourselves.
 */

import type { Metadata, Sharp, SharpOptions } from "sharp";
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
  const { default: sharp } = await import("sharp");
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

/** Code points of H.273: primaries (table 2) and transfer characteristics (table 3). */
interface ColourCode {
  primaries: number;
  transfer: number;
}

/** What the numbers of an image mean. */
export type CodedColours = "srgb" | "display p3";

const DISPLAY_P3 = 12;
/** BT.709, unspecified, and the primaries of old televisions, which everyone shows as they are. */
const USUAL_PRIMARIES = [1, 2, 5, 6, 7];
/** The curves of BT.709, BT.601, BT.2020 and sRGB, and none said: everyone shows them as sRGB's. */
const USUAL_TRANSFERS = [1, 2, 6, 13, 14, 15];
const hdr: Record<number, string> = { 16: "PQ", 18: "HLG" };

/**
 * What an image's code points say of its colours; sRGB where it has none.
 *
 * @param bytes - a whole file, hostile
 * @throws Error when they say something else than sRGB or Display P3
 */
export function codedColours(bytes: Uint8Array, format: ImageFormat): CodedColours {
  const code = format === "avif" ? codeOfAvif(bytes) : format === "png" ? codeOfPng(bytes) : undefined;
  if (!code) return "srgb";
  const { primaries, transfer } = code;
  if (USUAL_TRANSFERS.includes(transfer)) {
    if (USUAL_PRIMARIES.includes(primaries)) return "srgb";
    if (primaries === DISPLAY_P3) return "display p3";
  }
  const got = hdr[transfer] ? `HDR (${hdr[transfer]})` : `primaries ${primaries} and transfer ${transfer} of H.273`;
  throw new Error(`expected colours of sRGB or Display P3, got ${got}: convert it to sRGB first`);
}

/** The `cICP` chunk of a PNG (PNG, third edition, §11.3.2.6), which stands before the pixels. */
function codeOfPng(bytes: Uint8Array): ColourCode | undefined {
  const view = viewOf(bytes);
  for (let at = 8; at + 12 <= bytes.length; at += 12 + view.getUint32(at)) {
    const name = nameAt(view, at + 4);
    if (name === "cICP" && at + 10 <= bytes.length) return { primaries: bytes[at + 8], transfer: bytes[at + 9] };
    if (name === "IDAT") break;
  }
  return undefined;
}

/** The first `colr` box of kind `nclx` among an AVIF's item properties (ISO 23008-12 §6.5.5). */
function codeOfAvif(bytes: Uint8Array): ColourCode | undefined {
  const view = viewOf(bytes);
  const meta = boxes(view, 0, bytes.length).find(({ name }) => name === "meta");
  const properties = meta && boxes(view, meta.from + 4, meta.to).find(({ name }) => name === "iprp"); // a version comes first
  const container = properties && boxes(view, properties.from, properties.to).find(({ name }) => name === "ipco");
  const colour =
    container &&
    boxes(view, container.from, container.to).find(
      ({ name, from, to }) => name === "colr" && to - from >= 8 && nameAt(view, from) === "nclx",
    );
  return colour && { primaries: view.getUint16(colour.from + 4), transfer: view.getUint16(colour.from + 6) };
}

interface Box {
  name: string;
  /** Where its content lies. */
  from: number;
  to: number;
}

/** The boxes in a range of a file, as far as they lie within it. */
function boxes(view: DataView, start: number, end: number): Box[] {
  const found: Box[] = [];
  for (let at = start; at + 8 <= end; ) {
    const size = view.getUint32(at);
    const wide = size === 1 && at + 16 <= end; // its size has 64 bits
    const bytes = wide ? Number(view.getBigUint64(at + 8)) : size === 0 ? end - at : size;
    const from = at + (wide ? 16 : 8);
    const to = at + bytes;
    if (to < from || to > end) break;
    found.push({ name: nameAt(view, at + 4), from, to });
    at = to;
  }
  return found;
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const nameAt = (view: DataView, at: number): string =>
  String.fromCharCode(...[0, 1, 2, 3].map((i) => view.getUint8(at + i)));
