import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { tarOf, zipOf } from "../../../test/support/archives.js";
import { otherArchive } from "./other-archives.js";

// The beginnings of what 7-Zip (py7zr), xz 5.4, bzip2 1.0.8 and zstd 1.5 make, and, without a program, of the formats'
// descriptions.
test.each([
  ["a 7z archive", "377abcaf271c00047b0cd54f17000000"],
  ["a RAR archive", "526172211a0700cf907300000d000000"],
  ["a RAR archive", "526172211a0701003392b5e50a010506"],
  ["a cabinet archive", "4d534346000000001234000000000000"],
  ["compressed by xz", "fd377a585a000004e6d6b4460200210116000000"],
  ["compressed by bzip2", "425a68393141592653596d9b8f4c0000"],
  ["compressed by bzip2", "425a683917724538509000000000"],
  ["compressed by Zstandard", "28b52ffd64002745030054051450"],
  ["compressed by Zstandard", "502a4d180400000001020304"],
  ["compressed by LZ4", "04224d18644070df"],
  ["compressed by LZMA", "5d00008000ffffffffffffffff003098"],
  ["compressed by LZMA", "5d000080000028000000000000003098"],
])("%s is recognised by its content", (kind, hex) => {
  const answer = otherArchive(Buffer.from(hex, "hex"));
  expect(answer).toMatch(new RegExp(`^it is ${kind}, which is not read. Unpack it first.*, and give the folder.$`));
});

test("what is read, pictures, text and nothing are none", () => {
  const png = Buffer.from("89504e470d0a1a0a0000000d49484452", "hex");
  const jpeg = Buffer.from("ffd8ffe000104a46494600010100", "hex");
  const specs = [{ name: "a.png", content: "x" }];
  for (const begin of [
    png,
    jpeg,
    zipOf(specs),
    tarOf(specs),
    gzipSync("x"),
    Buffer.from("BZh is no bzip2"),
    Buffer.alloc(0),
  ]) {
    expect(otherArchive(begin)).toBeUndefined();
  }
});
