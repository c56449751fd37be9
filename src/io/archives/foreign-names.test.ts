import { crc32 } from "node:zlib";
import { expect, test } from "vitest";
import { foreignText, zipName } from "./foreign-names.js";

const none = Buffer.alloc(0);
const bytes = (text: string) => Buffer.from(text, "latin1");
const nameOf = (raw: Uint8Array, flags = 0, extra: Buffer = none) => zipName(raw, flags, extra).name;

/** The Unicode Path field of a name, beside another field. */
function unicodePath(raw: Uint8Array, name: string, { version = 1, crc = crc32(raw) } = {}): Buffer {
  const content = Buffer.concat([Buffer.from([version]), Buffer.alloc(4), Buffer.from(name)]);
  content.writeUInt32LE(crc, 1);
  const head = Buffer.alloc(4);
  head.writeUInt16LE(0x7075, 0);
  head.writeUInt16LE(content.length, 2);
  return Buffer.concat([Buffer.from([0x55, 0x54, 1, 0, 0]), head, content]);
}

test.each<[string, Uint8Array, string]>([
  ["ASCII", bytes("cats/a.png"), "cats/a.png"],
  ["UTF-8 without its flag", Buffer.from("été/猫.png"), "été/猫.png"],
  ["code page 437", bytes("\x82t\x82/m\x81ll\x84.png"), "été/müllä.png"], // as Python's "cp437" has it
  ["the rest of code page 437", bytes("\x80\x9b\xb0\xe1\xf8\xfe\xff"), "Ç¢░ß°■\u00a0"],
  ["Shift-JIS: printable", bytes("\x94L/\x8c\xa2.png"), "öL/îó.png"], // 猫/犬.png
  ["Shift-JIS with a backslash for half a character", bytes("\x95\\.png"), "ò＼.png"], // 表.png
  ["GBK", bytes("\xc3\xa8\xb9\xb7.png"), "├¿╣╖.png"], // 猫狗.png
  ["PowerShell's backslashes", bytes("set\\cats\\a.png"), "set/cats/a.png"],
  ["backslashes in UTF-8", Buffer.from("été\\猫.png"), "été/猫.png"],
  ["backslashes in code page 437", bytes("cats\\\x82.png"), "cats/é.png"],
])("%s", (_, raw, name) => {
  expect(zipName(raw, 0, none)).toEqual({ name, isFolder: false });
});

test("names that differ in any byte stay different", () => {
  const names = Array.from({ length: 128 }, (_, byte) => nameOf(Buffer.from([0xff, 0x80 + byte])));
  expect(new Set(names).size).toBe(128);
  expect(names.filter((name) => /[\p{Cc}\p{Cn}\p{Cs}\p{Co}/]/u.test(name))).toEqual([]);
});

test("folders are those whose names end with a slash, or a backslash that is one", () => {
  const isFolder = (raw: Uint8Array) => zipName(raw, 0, none).isFolder;
  expect([bytes("a/"), bytes("a\\"), bytes("a"), bytes("\x95\\")].map(isFolder)).toEqual([true, true, false, false]);
});

test("a Unicode Path counts while it belongs to the name", () => {
  const raw = bytes("\x82.png");
  expect(nameOf(raw, 0, unicodePath(raw, "猫/é.png"))).toBe("猫/é.png");
  expect(nameOf(raw, 0, unicodePath(raw, "猫.png", { crc: 7 }))).toBe("é.png");
  expect(nameOf(raw, 0, unicodePath(raw, "猫.png", { version: 2 }))).toBe("é.png");
  expect(nameOf(raw, 0, unicodePath(raw, "猫.png").subarray(0, 12))).toBe("é.png");
  expect(zipName(raw, 0, unicodePath(raw, "../a.png")).problem).toBe("its name goes upwards (..)");
});

test("names of tar archives are UTF-8, or Latin-1, or what is printable in any case", () => {
  expect(foreignText(Buffer.from("für/猫"))).toBe("für/猫");
  expect(foreignText(bytes("f\xfcr"))).toBe("für");
  expect(foreignText(bytes("f\x81r"))).toBe("für");
});
