import { expect, test } from "vitest";
import { halves, moving, plain } from "../../../test/support/images.js";
import { hasImageExtension, IMAGE_BEGINNING, imageFormat, imageKindOf } from "./image-format.js";

const bytes = (text: string) => Buffer.from(text, "latin1");
/** The first box of ISO's base media format: its brand, a version, and compatible brands. */
const ftyp = (brand: string, ...compatible: string[]) =>
  bytes(`\0\0\0${String.fromCharCode(16 + 4 * compatible.length)}ftyp${brand}\0\0\0\0${compatible.join("")}mif1avif`);
/** A little-endian TIFF with one entry in its list. */
const tiff = (tag: number, value: number) => {
  const file = Buffer.from("II*\0\x08\0\0\0\x01\0", "latin1");
  const entry = Buffer.alloc(12);
  entry.writeUInt16LE(tag, 0);
  entry.writeUInt32LE(value, 8);
  return Buffer.concat([file, entry, Buffer.alloc(4)]);
};

test.each([
  ["jpeg", plain([1, 2, 3]).jpeg()],
  ["png", plain([1, 2, 3]).png()],
  ["webp", plain([1, 2, 3]).webp()],
  ["gif", plain([1, 2, 3]).gif()],
  ["avif", plain([1, 2, 3]).avif()],
  ["tiff", halves([1, 2, 3], [4, 5, 6]).tiff()],
  ["tiff", halves([1, 2, 3], [4, 5, 6]).tiff({ bigtiff: true })],
  [
    "webp",
    moving([
      [1, 2, 3],
      [4, 5, 6],
    ]).webp(),
  ],
])("%s is readable, whatever it is called, and from its first bytes", async (format, image) => {
  const file = await image.toBuffer();
  expect(imageFormat(file)).toBe(format);
  for (const name of ["", "a.heic", "a.tga", "a.txt", "no-extension"]) {
    expect(imageKindOf(file.subarray(0, IMAGE_BEGINNING), name)).toMatchObject({ kind: "readable", format });
  }
});

test.each([
  ["AVIF behind a general brand", ftyp("mif1", "miaf", "avif")],
  ["an animated AVIF", ftyp("avis", "msf1", "avif")],
])("%s is readable", (_, file) =>
  expect(imageKindOf(file)).toEqual({ kind: "readable", format: "avif", name: "AVIF" }),
);

test.each([
  ["HEIC", ftyp("heic", "mif1"), ""],
  ["HEIC", ftyp("mif1", "miaf", "heic"), "a.jpg"],
  ["HEIC", ftyp("hevc", "msf1"), ""],
  ["HEIF", ftyp("mif1"), "a.heif"], // what lies behind its first box does not count
  ["camera RAW", ftyp("crx ", "isom"), "a.cr3"],
  ["video", ftyp("isom", "mp41"), "a.mp4"],
  ["video", ftyp("qt  "), "a.mov"],
  ["video", bytes("\x1a\x45\xdf\xa3\x01"), "a.webm"],
  ["video", bytes("RIFF\0\0\0\0AVI LIST"), "a.avi"],
  ["JPEG XL", bytes("\0\0\0\x0cJXL \r\n\x87\n"), ""],
  ["JPEG XL", bytes("\xff\x0a\xfa\x1f"), ""],
  ["JPEG 2000", bytes("\0\0\0\x0cjP  \r\n\x87\n"), ""],
  ["BMP", Buffer.concat([bytes("BM"), Buffer.alloc(60)]), "a.png"],
  ["PSD", bytes("8BPS\0\x01"), ""],
  ["PNM", bytes("P6\n# a comment\n3 2\n255\n\0\0\0"), "a.ppm"],
  ["SVG", bytes('<?xml version="1.0"?><svg/>'), ""],
  ["DICOM", Buffer.concat([Buffer.alloc(128), bytes("DICM")]), ""],
  ["TGA", Buffer.concat([Buffer.from([0, 0, 2]), Buffer.alloc(20)]), "a.TGA"],
  ["camera RAW", tiff(0x0100, 99), "IMG_1.NEF"],
  ["camera RAW", tiff(0x00fe, 1), "a.tif"], // a preview comes first
  ["camera RAW", tiff(0xc612, 0x0401), "a.tif"],
  ["camera RAW", bytes("II*\0\x10\0\0\0CR\x02\0"), ""],
  ["camera RAW", bytes("FUJIFILMCCD-RAW 0201"), ""],
])("%s is an image that is not read, with what to do", (name, file, called) => {
  expect(imageKindOf(file, called)).toEqual({ kind: "unreadable", name, advice: expect.stringMatching(/ first, as /) });
});

test.each([
  ["text", bytes("P3 is a format"), "notes.txt"],
  ["text", bytes("SIMPLE words"), ""],
  ["an empty file", bytes(""), "a.tga"],
  ["PDF", bytes("%PDF-1.7"), ""],
  ["ZIP", bytes("PK\x03\x04"), "a.png"],
  ["an HTML page", bytes("<!DOCTYPE html>"), "a.jpg"],
  ["a Git LFS pointer (git lfs pull fetches the files themselves)", bytes("version https://git-lfs.github"), "a.png"],
  [undefined, Buffer.alloc(300), "a.png"],
  [undefined, bytes("II*\x01"), ""],
])("%s is no image", (name, file, called) => {
  expect(imageKindOf(file, called)).toEqual({ kind: "other", ...(name ? { name } : {}) });
});

test("a file that is not read says what it is, and what to do", () => {
  expect(() => imageFormat(ftyp("heic"))).toThrow(
    "expected JPEG, PNG, WebP, GIF, AVIF or TIFF, got HEIC: convert it to PNG first, as with ImageMagick (magick FILE FILE.png)",
  );
  expect(() => imageFormat(Buffer.alloc(9))).toThrow("expected JPEG, PNG, WebP, GIF, AVIF or TIFF, got something else");
});

test("a list of entries outside the first bytes is not looked for", () => {
  const file = tiff(0x00fe, 1);
  file.writeUInt32LE(0xffffffff, 4);
  expect(imageKindOf(file).kind).toBe("readable");
  expect(imageKindOf(file.subarray(0, 5)).kind).toBe("readable");
  expect(imageKindOf(bytes("\0\0\0\x18ftyp"))).toMatchObject({ kind: "unreadable" });
});

test("image files are called in many ways, in any case", () => {
  for (const name of [
    "a.JPG",
    "b/c.JpEg",
    "a.jpe",
    "a.jfif",
    "a.b.png",
    "a.webp",
    "a.gif",
    "a.AVIF",
    "a.tif",
    "a.TIFF",
  ]) {
    expect(hasImageExtension(name)).toBe(true);
  }
  for (const name of ["jpg", ".png", "a.heic", "a.txt", "a.png.txt", "a.png/b"])
    expect(hasImageExtension(name)).toBe(false);
});
