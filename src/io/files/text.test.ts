import { expect, test } from "vitest";
import { decodeText, placeAt, shownCharacter } from "./text.js";

const refuse = (problem: string): never => {
  throw new Error(problem);
};
const decoded = (...bytes: (number[] | Uint8Array)[]) =>
  decodeText(Buffer.concat(bytes.map(Buffer.from as never)), refuse);

const text = '{"name": "été 猫 🙂"}\r\n';
const little = Buffer.from(text, "utf16le");
const big = Buffer.from(little).swap16();

test.each<[string, string]>([
  ["UTF-8", decoded(Buffer.from(text))],
  ["UTF-8 with a byte-order mark", decoded([0xef, 0xbb, 0xbf], Buffer.from(text))],
  ["UTF-16 LE with a byte-order mark", decoded([0xff, 0xfe], little)],
  ["UTF-16 BE with a byte-order mark", decoded([0xfe, 0xff], big)],
  ["UTF-16 LE without", decoded(little)],
  ["UTF-16 BE without", decoded(big)],
])("%s is read", (_, read) => expect(read).toBe(text));

test("without a mark the order shows although some characters have their zero in the other half", () => {
  const names = "一\n一 cat\ndog\n"; // 一 is U+4E00
  expect(decoded(Buffer.from(names, "utf16le"))).toBe(names);
  expect(decoded(Buffer.from(names, "utf16le").swap16())).toBe(names);
});

test("nothing, a mark alone and short texts are what they are", () => {
  expect([decoded(), decoded([0xef, 0xbb, 0xbf]), decoded([0xff, 0xfe]), decoded([0x61])]).toEqual(["", "", "", "a"]);
});

test("a second mark is text", () => expect(decoded([0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf])).toBe("\ufeff"));

test.each<[string, (number[] | Uint8Array)[], string]>([
  [
    "Latin-1",
    [Buffer.from("one\ntwo ü", "latin1")],
    "its byte 8 (line 2, column 5) is 0xfc, which is not UTF-8. Save it as",
  ],
  ["Latin-1 in the middle", [Buffer.from("caf\xe9 au lait", "latin1")], "its byte 3 (line 1, column 4) is 0xe9"],
  [
    "Latin-1 behind a mark",
    [
      [0xef, 0xbb, 0xbf],
      [0x61, 0xff],
    ],
    "its byte 4 (line 1, column 2) is 0xff",
  ],
  ["an overlong slash", [[0x61, 0xc0, 0xaf]], "its byte 1 (line 1, column 2) is 0xc0"],
  ["half a surrogate pair", [[0xed, 0xa0, 0x80]], "its byte 0 (line 1, column 1) is 0xed"],
  ["a character cut off", [Buffer.from("猫猫").subarray(0, 5)], "its byte 3 (line 1, column 2) is 0xe7"],
  ["UTF-16 cut off", [[0xff, 0xfe, 0x61]], "it is UTF-16 LE, but has an odd number of bytes"],
  [
    "half a pair in UTF-16",
    [[0xff, 0xfe, 0x61, 0, 0, 0xd8]],
    "it is UTF-16 LE, and line 1, column 2 has half a surrogate",
  ],
  ["UTF-32", [[0xff, 0xfe, 0, 0, 0x61, 0, 0, 0]], "it is UTF-32. Save it as UTF-8"],
])("%s is named with its place", (_, bytes, message) => {
  expect(() => decoded(...bytes)).toThrow(message);
});

test("places count characters, whatever ends a line", () => {
  expect(placeAt("a\r\nb\rc\n🙂d", 10)).toBe("line 4, column 3");
});

test("characters that cannot be seen are shown by their number", () => {
  expect(["a", "“", "猫", "\ufeff", "\u00a0", "\u200b", "\0", " "].map(shownCharacter)).toEqual([
    ...["a", "“", "猫", "U+FEFF", "U+00A0", "U+200B", "U+0000", "U+0020"],
  ]);
});
