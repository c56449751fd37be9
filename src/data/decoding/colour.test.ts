import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { codedColours } from "./colour.js";

const p3 = await readFile(new URL("../../../test/fixtures/avif/rgb-10-p3.avif", import.meta.url));

test("code points of an AVIF count where they stand, and nowhere else", () => {
  expect(codedColours(p3, "avif")).toBe("display p3");
  expect(codedColours(p3, "jpeg")).toBe("srgb");
  const elsewhere = Buffer.concat([p3.subarray(0, p3.readUInt32BE(0)), p3.subarray(p3.indexOf("colr") - 4)]);
  expect(codedColours(elsewhere, "avif")).toBe("srgb");
});

test.each([
  [1, 1, "srgb"],
  [2, 2, "srgb"],
  [6, 6, "srgb"],
  [12, 13, "display p3"],
])("primaries %i and transfer %i are %s", (primaries, transfer, colours) => {
  const file = Buffer.from(p3);
  const at = file.indexOf("nclx") + 4;
  file.writeUInt16BE(primaries, at);
  file.writeUInt16BE(transfer, at + 2);
  expect(codedColours(file, "avif")).toBe(colours);
});

test("boxes whose sizes lie are skipped", () => {
  for (const box of ["meta", "iprp", "ipco", "colr"]) {
    for (const size of [0, 1, 7, 2 ** 32 - 1]) {
      const file = Buffer.from(p3);
      file.writeUInt32BE(size, file.indexOf(box) - 4);
      expect(["srgb", "display p3"]).toContain(codedColours(file, "avif"));
    }
  }
  for (let end = 0; end < p3.length; end++) codedColours(p3.subarray(0, end), "avif");
  const chunk = Buffer.from("\x89PNG\r\n\x1a\n\xff\xff\xff\xffcICP\x09\x10\0\0\0\0", "latin1");
  expect(codedColours(chunk.subarray(0, 17), "png")).toBe("srgb");
});
