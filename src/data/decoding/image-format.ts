/** @file What kind of image some bytes are, by how they begin; decoders see no others than those that are read. */
import { extname } from "node:path/posix";

/** The formats that are decoded. */
export type ImageFormat = "jpeg" | "png" | "webp" | "gif" | "avif" | "tiff";

/** The formats that are decoded, as people call them. */
export const formatNames: Readonly<Record<ImageFormat, string>> = {
  ...{ jpeg: "JPEG", png: "PNG", webp: "WebP", gif: "GIF", avif: "AVIF", tiff: "TIFF" },
};

/** "JPEG, PNG, WebP, GIF, AVIF or TIFF" */
export const READABLE = Object.values(formatNames)
  .join(", ")
  .replace(/, (\w+)$/, " or $1");

/** How the files of these formats are called, in any case of letters. */
const extensions = new Set([
  ...[".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".png", ".apng"],
  ...[".webp", ".gif", ".avif", ".avifs", ".tif", ".tiff"],
]);

/** Whether a file is called as images are that can be read. */
export const hasImageExtension = (name: string): boolean => extensions.has(extensionOf(name));

/** What a file is. */
export type ImageKind =
  | { kind: "readable"; format: ImageFormat; name: string }
  /** An image, or many of them, in a form that is not read; and what to do with such files. */
  | { kind: "unreadable"; name: string; advice: string }
  /** No image; what else it is, where that is known. */
  | { kind: "other"; name?: string };

/** As many first bytes of a file as `imageKindOf` looks at. */
export const IMAGE_BEGINNING = 1024;

const CONVERT = "convert it to PNG first, as with ImageMagick (magick FILE FILE.png)";
const EXTRACT = "extract its frames first, as with FFmpeg (ffmpeg -i FILE FRAMES/%06d.png)";

/** How readable formats begin, bytes as Latin-1; here and below, other control characters than NUL are `[^ -~]`. */
const readable: [ImageFormat, RegExp][] = [
  ["jpeg", /^\xff\xd8\xff/],
  ["png", /^\x89PNG/],
  ["webp", /^RIFF....WEBP/s],
  ["gif", /^GIF8[79]a/],
  ["tiff", /^(II[*+]\0|MM\0[*+])/],
];

/** How images begin that are not read: SVG draws what its text asks for, and the others are foreign to libvips as it comes. */
const unreadable: [name: string, beginning: RegExp][] = [
  ["BMP", /^BM.{4}[^ -~]{4}/s],
  ["JPEG XL", /^(....JXL |\xff\n)/s],
  ["JPEG 2000", /^(....jP {2}|\xff\x4f\xff\x51)/s],
  ["JPEG XR", /^II\xbc[^ -~]/],
  ["PSD", /^8BPS\0/],
  ["XCF", /^gimp xcf/],
  ["camera RAW", /^(FUJIFILMCCD-RAW|II(RO|RS|U\0)|MMOR|II.{4}HEAPCCDR|FOVb|\0MRM)/s],
  ["OpenEXR", /^v\/1[^ -~]/],
  ["Radiance HDR", /^#\?(RADIANCE|RGBE)/],
  ["PNM", /^(P[1-6]\s+(#.*\s+)*\d+\s|P7\s+(#.*\s+)*(WIDTH|HEIGHT|DEPTH|MAXVAL|TUPLTYPE)|P[Ff]\s+\d+\s)/],
  ["ICO", /^\0\0[^ -~]\0[^\0]\0...\0.\0/s],
  ["DDS", /^DDS \|\0\0\0/],
  ["QOI", /^qoif/],
  ["FITS", /^SIMPLE {2}=/],
  ["DICOM", /^.{128}DICM/s],
  ["SVG", /^(\xef\xbb\xbf)?\s*<.*(?<=<)svg\b/is],
];

/** How films begin. */
const films = /^([^ -~]E\xdf\xa3|RIFF....AVI |FLV[^ -~]|\0\0[^ -~][\xb3\xba]|....(moov|mdat|wide|free|skip)|\x8aMNG)/s;

/** How other files begin that lie where images are expected. */
const others: [name: string, beginning: RegExp][] = [
  ["PDF", /^%PDF-/],
  ["ZIP", /^PK[^ -~]/],
  ["a Git LFS pointer (git lfs pull fetches the files themselves)", /^version https:\/\/git-lfs/],
  ["an HTML page", /^\s*<(!doctype )?html/i],
];

/** Extensions of images whose bytes alone do not tell what they are. */
const RAW = new Set(
  ".3fr .arw .cr2 .cr3 .crw .dcr .dng .erf .fff .iiq .k25 .kdc .mef .mos .mrw .nef .nrw .orf .pef .raf .rw2 .rwl .sr2 .srf .srw .x3f".split(
    " ",
  ),
);
const named: Record<string, string> = { ".tga": "TGA", ".icb": "TGA", ".vda": "TGA", ".vst": "TGA", ".pcx": "PCX" };

/**
 * What a file is, by its content. The name counts only where content leaves it open: a raw file of a camera is a TIFF on
 * the outside, with a small preview as its first picture.
 *
 * @param beginning - the first bytes of the file, `IMAGE_BEGINNING` of them where it has as many; more do no harm
 * @param name - of the file, where it has one
 */
export function imageKindOf(beginning: Uint8Array, name = ""): ImageKind {
  const start = Buffer.from(beginning.buffer, beginning.byteOffset, Math.min(beginning.length, IMAGE_BEGINNING));
  const text = start.toString("latin1");
  const extension = extensionOf(name);
  const cannotRead = (kind: string, advice = CONVERT): ImageKind => ({ kind: "unreadable", name: kind, advice });
  const brands = brandsOf(start);
  if (brands) return kindOfBrands(brands, cannotRead);
  const format = match(readable, text);
  if (format === "tiff" && (RAW.has(extension) || isRaw(start))) return cannotRead("camera RAW");
  if (format) return { kind: "readable", format, name: formatNames[format] };
  const other = match(others, text);
  if (other) return { kind: "other", name: other };
  const image = match(unreadable, text);
  if (image) return cannotRead(image);
  if (films.test(text)) return cannotRead("video", EXTRACT);
  if (text !== "" && named[extension] && !isText(text)) return cannotRead(named[extension]);
  return text === "" || isText(text)
    ? { kind: "other", name: text === "" ? "an empty file" : "text" }
    : { kind: "other" };
}

/**
 * The format of a file.
 *
 * @throws Error naming what it is instead, where that is known
 */
export function imageFormat(bytes: Uint8Array): ImageFormat {
  const found = imageKindOf(bytes);
  if (found.kind === "readable") return found.format;
  const advice = found.kind === "unreadable" ? `: ${found.advice}` : "";
  throw new Error(`expected ${READABLE}, got ${found.name ?? "something else"}${advice}`);
}

const extensionOf = (name: string): string => extname(name).toLowerCase();

const match = <Name extends string>(table: readonly [Name, RegExp][], text: string): Name | undefined =>
  table.find(([, beginning]) => beginning.test(text))?.[0];

const isText = (text: string): boolean => /^[\t\n\r\x20-\x7e]+$/.test(text);

/** The brands of a file of ISO's base media format (ISO 14496-12 §4.3), its own first; undefined for other files. */
function brandsOf(start: Buffer): string[] | undefined {
  if (start.toString("latin1", 4, 8) !== "ftyp") return undefined;
  const end = Math.min(start.readUInt32BE(0), start.length);
  const brands = [start.toString("latin1", 8, 12)];
  for (let at = 16; at + 4 <= end; at += 4) brands.push(start.toString("latin1", at, at + 4));
  return brands;
}

/** HEIC and AVIF share a container, and a first brand too: the brands behind it then tell what is inside. */
function kindOfBrands(brands: string[], cannotRead: (kind: string, advice?: string) => ImageKind): ImageKind {
  const [own] = brands;
  const has = (pattern: RegExp) =>
    pattern.test(own) || (/^m[is]f1$/.test(own) && brands.some((each) => pattern.test(each)));
  if (has(/^avi[fs]$/)) return { kind: "readable", format: "avif", name: formatNames.avif };
  if (has(/^he(i[cxms]|v[cxms])$/)) return cannotRead("HEIC");
  if (/^m[is]f[12]$/.test(own)) return cannotRead("HEIF");
  if (own === "crx ") return cannotRead("camera RAW");
  return cannotRead("video", EXTRACT);
}

/** Tags of a TIFF's list of entries: that it is a reduced picture of another (TIFF 6.0 p. 36), and the version of DNG. */
const NEW_SUBFILE_TYPE = 0x00fe;
const DNG_VERSION = 0xc612;

/** Whether a TIFF is the raw file of a camera, as far as its first list of entries tells. */
function isRaw(start: Buffer): boolean {
  if (start.toString("latin1", 8, 10) === "CR") return true; // Canon
  const little = start[0] === 0x49;
  const u16 = (at: number) => (little ? start.readUInt16LE(at) : start.readUInt16BE(at));
  const u32 = (at: number) => (little ? start.readUInt32LE(at) : start.readUInt32BE(at));
  if (start.length < 8 || u16(2) !== 42) return false;
  const list = u32(4);
  if (list + 2 > start.length) return false;
  for (let at = list + 2; at < list + 2 + 12 * u16(list) && at + 12 <= start.length; at += 12) {
    if (u16(at) === DNG_VERSION) return true;
    if (u16(at) === NEW_SUBFILE_TYPE && (u32(at + 8) & 1) === 1) return true;
  }
  return false;
}
