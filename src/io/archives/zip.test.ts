import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";
import { zipSync } from "fflate";
import { expect, test } from "vitest";
import { type ZipSpec, zipOf } from "../../../test/support/archives.js";
import { temporaryFolder } from "../../../test/support/images.js";
import { UserError } from "../../errors.js";
import { EntryError } from "./archive-entry.js";
import { openZip, type ZipArchive } from "./zip.js";

const folder = await temporaryFolder();
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");
const largest = 2 ** 24;
const long = "pixels ".repeat(300_000); // 2.1 MB

/** The content of an entry, by reading and by streaming, which must agree. */
async function contentOf(zip: ZipArchive, name: string): Promise<string> {
  const entry = zip.entries.find((candidate) => candidate.name === name)!;
  const pieces: Uint8Array[] = [];
  for await (const piece of zip.stream(entry)) pieces.push(piece);
  const content = text(await zip.read(entry, { largest }));
  expect(text(Buffer.concat(pieces))).toBe(content);
  return content;
}

test("entries are read in any order, from a file and from memory, stored, deflated and empty, without their folders", async () => {
  const bytes = zipSync({
    "cats/": new Uint8Array(),
    "cats/a.png": [Buffer.from("meow"), { level: 0 }],
    "übung/零.png": Buffer.from(long),
    "empty.png": new Uint8Array(),
  });
  await writeFile(join(folder, "good.zip"), bytes);
  for (const source of [bytes, join(folder, "good.zip")]) {
    await using zip = await openZip(source);
    expect(zip.entries.map(({ name, bytes }) => [name, bytes])).toEqual([
      ["cats/a.png", 4],
      ["übung/零.png", long.length],
      ["empty.png", 0],
    ]);
    expect(zip.refused).toEqual([]);
    expect(await contentOf(zip, "übung/零.png")).toBe(long);
    expect(await contentOf(zip, "cats/a.png")).toBe("meow");
    expect(await contentOf(zip, "empty.png")).toBe("");
  }
});

test("zip64, comments, ./ before names, and sizes behind the data are understood", async () => {
  const zip = await openZip(
    zipOf(
      [
        { name: "./a//b.png", content: "one", wide: true },
        { name: "c.png", content: long, method: 8, flags: 8, local: { bytes: 0, compressedBytes: 0, crc: 0 } },
      ],
      { wide: true, comment: Buffer.from("PK\x05\x06 is how an end begins, and this is none of the length it says") },
    ),
  );
  expect(zip.entries.map(({ name }) => name)).toEqual(["a/b.png", "c.png"]);
  expect([await contentOf(zip, "a/b.png"), await contentOf(zip, "c.png")]).toEqual(["one", long]);
});

test.each<[string, (archive: Buffer) => Uint8Array]>([
  ["a newline behind its end", (archive) => Buffer.concat([archive, Buffer.from("\n")])],
  ["a web page behind its end", (archive) => Buffer.concat([archive, Buffer.from("<html>".repeat(9999))])],
  ["a block of zeros behind its end", (archive) => Buffer.concat([archive, Buffer.alloc(2 ** 20)])],
  [
    "a mark of an end behind its end",
    (archive) => Buffer.concat([archive, Buffer.from(`PK\x05\x06${"?".repeat(30)}`)]),
  ],
  [
    "a comment that is shorter than it says",
    (archive) => Buffer.concat([archive.subarray(0, -2), Buffer.from([9, 0, 65])]),
  ],
  ["a program before it", (archive) => Buffer.concat([Buffer.from("MZ program"), archive])],
  [
    "a program before it and a newline behind",
    (archive) => Buffer.concat([Buffer.from("#!/bin/sh\n"), archive, Buffer.from("\n")]),
  ],
])("an archive with %s is read", async (_, changed) => {
  for (const wide of [false, true]) {
    const specs = [
      { name: "a.png", content: "one", wide },
      { name: "b.png", content: long, method: 8, wide },
    ];
    const zip = await openZip(changed(zipOf(specs, { wide })));
    expect([await contentOf(zip, "a.png"), await contentOf(zip, "b.png")]).toEqual(["one", long]);
    expect(zip).toMatchObject({ entries: { length: 2 }, refused: [] });
  }
});

test("symbolic links are read as the files that they lead to", async () => {
  const zip = await openZip(
    zipOf([
      { name: "cats/a.png", content: "meow" },
      { name: "all/1.png", content: "../cats/a.png", mode: 0o120777 },
      { name: "all/2.png", content: "1.png", method: 8, mode: 0o120777 },
    ]),
  );
  expect(zip.refused).toEqual([]);
  expect(zip.entries.map(({ name, bytes }) => [name, bytes])).toEqual([
    ["cats/a.png", 4],
    ["all/1.png", 4],
    ["all/2.png", 4],
  ]);
  for (const { name } of zip.entries) expect(await contentOf(zip, name)).toBe("meow");
});

test("an archive without entries has none", async () => {
  expect(await openZip(zipOf([]))).toMatchObject({ entries: [], refused: [] });
});

const two: ZipSpec[] = [
  { name: "a.png", content: "first" },
  { name: "b.png", content: "second" },
];
const whole = zipOf(two);

test.each<[string, Uint8Array, string]>([
  ["nothing", new Uint8Array(), "it is empty (0 bytes)"],
  ["text", Buffer.from("this is no archive"), "its end is missing: it is truncated, or no zip archive"],
  ["a megabyte behind the end", Buffer.concat([whole, Buffer.alloc(2 ** 20 + 2 ** 17)]), "its end is missing"],
  [
    "another archive behind the end",
    Buffer.concat([whole, whole]),
    "its directory claims bytes 81 to 183, but must end at",
  ],
  [
    "the end of an archive that it contains, its own end cut off",
    zipOf([two[0], { name: "inner.zip", content: whole }]).subarray(0, -100),
    "its directory claims bytes 81 to 183, but must end at",
  ],
  ["the first part of several", zipOf(two, { disk: 1 }), "it is one part of several. Join them first"],
  [
    "a directory at another place",
    zipOf(two, { start: 3 }),
    "its directory claims bytes 3 to 105, but must end at 183",
  ],
  ["a directory of 4 GB", zipOf(two, { size: 2 ** 32 - 2 }), "its directory claims 4294967294 bytes; at most"],
  [
    "more entries than the directory holds",
    zipOf(two, { count: 60_000 }),
    "its directory of 102 bytes claims 60000 entries, more than fit",
  ],
  [
    "a billion entries",
    zipOf(two, { wide: true, count: 1e9 }),
    "it claims 1000000000 entries; at most 20000000 are read",
  ],
  [
    "an entry that the end does not count",
    zipOf(two, { count: 1 }),
    "its directory has 51 bytes behind its last entry",
  ],
  [
    "a zip64 directory far behind the file",
    zipOf(two, { wide: true, start: 2 ** 52 }),
    "but must end at 183: it is damaged",
  ],
  [
    "a zip64 end behind the file",
    zipOf(two, { wide: { at: 2 ** 50 } }),
    "its zip64 end claims to be at byte 1125899906842624, behind",
  ],
  [
    "a zip64 end elsewhere",
    zipOf(two, { wide: { at: 7 } }),
    "its zip64 end is not at byte 7, where its locator has it",
  ],
  ["a zip64 end of another length", zipOf(two, { wide: { size: 45 } }), "its zip64 end has another length"],
  ["a zip64 end that is none", zipOf(two, { wide: { signature: 1 } }), "its zip64 end is not at byte 183"],
  ["a directory that is none", Buffer.from(whole).fill(0, 81, 85), "its directory is damaged at entry 1 of 2"],
  ["a second entry that is none", Buffer.from(whole).fill(0, 132, 136), "its directory is damaged at entry 2 of 2"],
  [
    "a name longer than the directory",
    Buffer.from(whole).fill(255, 160, 162),
    "its directory is damaged at entry 2 of 2",
  ],
  [
    "two entries of the same bytes",
    zipOf([two[0], { ...two[1], start: 0 }]),
    "its entries a.png and b.png overlap, as in a zip bomb",
  ],
  [
    "entries inside each other (Fifield's bomb)",
    quotedOverlap(),
    "its entries 0.png and 1.png overlap, as in a zip bomb",
  ],
  [
    "a compressed size that covers the next entry",
    zipOf([{ ...two[0], claims: { compressedBytes: 50 } }, two[1]]),
    "a.png and b.png overlap",
  ],
  [
    "a last entry that reaches into the directory",
    zipOf([{ ...two[0], claims: { compressedBytes: 12 } }]),
    "its entry a.png claims bytes 0 to 42",
  ],
  [
    "an entry of 4 GB in 100 bytes",
    zipOf([{ ...two[0], claims: { compressedBytes: 2 ** 32 - 2 } }]),
    "reach into its directory",
  ],
  ["an entry behind the end", zipOf([{ ...two[0], start: 2 ** 31 }]), "its entry a.png claims bytes 2147483648 to"],
])("%s is refused with a clear message", async (_, bytes, message) => {
  const opening = openZip(bytes, "evil.zip");
  await expect(opening).rejects.toThrow(UserError);
  await expect(opening).rejects.toThrow("Expected a zip archive at evil.zip, but it");
  await expect(opening).rejects.toThrow(message);
});

/** A deflated kernel that several entries share, the headers between quoted by stored blocks of deflate. */
function quotedOverlap(): Buffer {
  const kernel = deflateRawSync(Buffer.alloc(100_000));
  const inner = zipOf([{ name: "1.png", data: kernel, method: 8, claims: { bytes: 100_000 } }]).subarray(0, 35);
  const quote = Buffer.from([0, inner.length, 0, ~inner.length & 255, 255]); // a stored block, not the last one
  const data = Buffer.concat([quote, inner, kernel]);
  return zipOf([
    { name: "0.png", data, method: 8, claims: { bytes: 100_035 } },
    {
      name: "1.png",
      data: new Uint8Array(),
      method: 8,
      start: 40,
      claims: { bytes: 100_000, compressedBytes: kernel.length },
    },
  ]);
}

test.each<[string, ZipSpec, string, string]>([
  ["a path upwards", { name: "../../etc/passwd" }, "../../etc/passwd", "its name goes upwards (..)"],
  ["a path up and down", { name: "a/../b.png" }, "a/../b.png", "its name goes upwards (..)"],
  ["an absolute path", { name: "/etc/passwd" }, "/etc/passwd", "its name is an absolute path"],
  ["a share", { name: "//host/a.png" }, "//host/a.png", "its name is an absolute path"],
  ["a drive", { name: "C:/a.png" }, "C:/a.png", "its name begins with a drive letter"],
  ["backslashes", { name: "..\\a.png" }, "../a.png", "its name goes upwards (..)"],
  ["an absolute path of Windows", { name: "\\\\host\\a.png" }, "//host/a.png", "its name is an absolute path"],
  ["a drive and backslashes", { name: "C:\\a.png" }, "C:/a.png", "its name begins with a drive letter"],
  ["a NUL", { name: "a.png\0.exe" }, "a.png\\x00.exe", "its name has the control character \\x00"],
  ["an escape sequence", { name: "\x1b[2Ja.png" }, "\\x1b[2Ja.png", "its name has the control character \\x1b"],
  [
    "Latin-1 that claims to be UTF-8",
    { name: Buffer.from("f\xfcr.png", "latin1"), flags: 2 ** 11 },
    "f\\xfcr.png",
    "its name is not valid UTF-8",
  ],
  ["no name", { name: "" }, "", "it has no name"],
  ["nothing but dots", { name: "././." }, "././.", "it has no name"],
  [
    "65 levels",
    { name: `${"a/".repeat(64)}b` },
    `${"a/".repeat(60)}… (129 bytes)`,
    "it is nested 65 levels deep; at most 64 are read",
  ],
  [
    "10,000 levels",
    { name: `${"a/".repeat(9999)}b` },
    `${"a/".repeat(60)}… (19999 bytes)`,
    "its name has 19999 bytes and 9999 levels; at most 4096 bytes are read",
  ],
  [
    "a symbolic link out of the archive",
    { name: "link.png", content: "/etc/passwd", mode: 0o120777 },
    "link.png",
    "it is a symbolic link to /etc/passwd, which leads out of the archive",
  ],
  [
    "a symbolic link to what is not there",
    { name: "link.png", content: "none.png", mode: 0o120777 },
    "link.png",
    "it is a symbolic link to none.png, which is no file of the archive",
  ],
  [
    "a symbolic link that cannot be read",
    { name: "link.png", content: "a.png", mode: 0o120777, claims: { crc: 7 } },
    "link.png",
    "it is a symbolic link, and its checksum is wrong: it is damaged",
  ],
  [
    "a symbolic link of a megabyte",
    { name: "link.png", content: long, method: 8, mode: 0o120777 },
    "link.png",
    "it is a symbolic link, and it has 2100000 bytes; at most 4096 are read",
  ],
  ["a device", { name: "zero.png", mode: 0o020666 }, "zero.png", "it is a device, no regular file"],
  ["a pipe", { name: "pipe.png", mode: 0o010666 }, "pipe.png", "it is a device, no regular file"],
  [
    "an encrypted entry",
    { name: "secret.png", flags: 1 },
    "secret.png",
    "it is encrypted. Unpack the archive with its password",
  ],
  [
    "a strongly encrypted entry",
    { name: "secret.png", flags: 64 },
    "secret.png",
    "it is encrypted. Unpack the archive with its password",
  ],
  [
    "an unknown compression",
    { name: "zstd.png", method: 93 },
    "zstd.png",
    "it is compressed by Zstandard (method 93), which is not read. Unpack the archive, or pack it again with Deflate",
  ],
  [
    "Deflate64, as Windows packs large files",
    { name: "big.png", method: 9 },
    "big.png",
    "it is compressed by Deflate64 (method 9), which is not read. Unpack the archive, or pack it again with Deflate",
  ],
  [
    "AES",
    { name: "secret.png", method: 99, flags: 1 },
    "secret.png",
    "it is encrypted. Unpack the archive with its password",
  ],
  [
    "a compression nobody knows",
    { name: "x.png", method: 77 },
    "x.png",
    "it is compressed by method 77, which is not read. Unpack the archive, or pack it again with Deflate",
  ],
  [
    "a stored entry of two sizes",
    { name: "x.png", content: "four", claims: { bytes: 2 ** 31 } },
    "x.png",
    "it claims 2147483648 bytes in 4, though it is not compressed",
  ],
  [
    "more than deflate can hold",
    { name: "x.png", content: "x", method: 8, claims: { bytes: 2 ** 31 } },
    "x.png",
    "it claims 2147483648 bytes in 3, more than deflate can hold",
  ],
  [
    "more than deflate needs",
    { name: "x.png", content: long, claims: { bytes: 4 }, method: 8, data: Buffer.alloc(2000) },
    "x.png",
    "it claims 4 bytes in 2000, more than deflate needs",
  ],
  ["a name that is there already", { name: "./a.png" }, "a.png", "the archive has that name twice; the first is used"],
])("%s is listed as refused, and the other entries are read", async (_, spec, file, reason) => {
  const zip = await openZip(zipOf([two[0], spec, two[1]]));
  expect(zip.refused).toEqual([{ file, reason }]);
  expect([await contentOf(zip, "a.png"), await contentOf(zip, "b.png")]).toEqual(["first", "second"]);
  expect(zip.entries).toHaveLength(2);
});

const bomb = deflateRawSync(Buffer.alloc(2 ** 24));

test.each<[string, ZipSpec, string]>([
  [
    "fewer bytes than it claims",
    { name: "x", content: "four", method: 8, claims: { bytes: 5 } },
    "it has 4 of the 5 bytes that it claims",
  ],
  [
    "more bytes than it claims",
    { name: "x", content: "four", method: 8, claims: { bytes: 3 } },
    "it has more than the 3 bytes that it claims",
  ],
  [
    "more than nothing",
    { name: "x", content: "four", method: 8, claims: { bytes: 0 } },
    "it has more than the 0 bytes that it claims",
  ],
  [
    "16 MiB where it claims 64 KiB",
    { name: "x", data: bomb, method: 8, claims: { bytes: 2 ** 16 } },
    "it has more than the 65536 bytes",
  ],
  ["another checksum", { name: "x", content: "four", claims: { crc: 1 } }, "its checksum is wrong: it is damaged"],
  [
    "no deflated data",
    { name: "x", data: Buffer.from("\xff\xff\xff\xff", "latin1"), method: 8, claims: { bytes: 4 } },
    "its compressed data are damaged (invalid",
  ],
  [
    "half of its deflated data",
    { name: "x", data: deflateRawSync(Buffer.from(long)).subarray(0, 3000), method: 8, claims: { bytes: 2_100_000 } },
    "damaged (unexpected end of file)",
  ],
  [
    "bytes behind its deflated data",
    {
      name: "x",
      content: "four",
      data: Buffer.concat([deflateRawSync(Buffer.from("four")), Buffer.from("more")]),
      method: 8,
    },
    "its compressed data end before they should",
  ],
  [
    "another name in its own header",
    { name: "x", content: "four", local: { name: "y" } },
    "its own header and the directory of its archive disagree",
  ],
  [
    "another size in its own header",
    { name: "x", content: "four", local: { bytes: 5 } },
    "its own header and the directory",
  ],
  [
    "another compressed size in its own header",
    { name: "x", content: "four", local: { compressedBytes: 3 } },
    "its own header and the directory",
  ],
  [
    "another checksum in its own header",
    { name: "x", content: "four", local: { crc: 3 } },
    "its own header and the directory",
  ],
  [
    "another compression in its own header",
    { name: "x", content: "four", local: { method: 8 } },
    "its own header and the directory",
  ],
  [
    "no header of its own",
    { name: "x", content: "four", local: { signature: 1 } },
    "there is no entry at byte 0 of its archive",
  ],
  ["a longer name in its own header", { name: "x", content: "four", local: { name: "x".repeat(9) } }, "disagree"],
])("an entry with %s is refused when it is read", async (_, spec, message) => {
  const zip = await openZip(zipOf([spec, two[1]]), "evil.zip");
  const [entry] = zip.entries;
  const streaming = (async () => {
    for await (const _piece of zip.stream(entry));
  })();
  await expect(streaming).rejects.toThrow(message);
  const reading = zip.read(entry, { largest });
  await expect(reading).rejects.toThrow(EntryError);
  await expect(reading).rejects.toThrow("Expected to read x from evil.zip, but ");
  await expect(reading).rejects.toThrow(message);
  expect(await contentOf(zip, "b.png")).toBe("second");
});

test("an entry that ends where the next begins may not have a longer header than it leaves room for", async () => {
  const bytes = zipOf(two);
  bytes.writeUInt16LE(1, 28); // an extra field of one byte, which the data would have to give
  const zip = await openZip(bytes);
  await expect(zip.read(zip.entries[0], { largest })).rejects.toThrow("it overlaps with what follows it");
});

test("streaming a bomb gives no more than the entry claims", async () => {
  const zip = await openZip(zipOf([{ name: "x", data: bomb, method: 8, claims: { bytes: 2 ** 19 } }]));
  let streamed = 0;
  const streaming = (async () => {
    for await (const piece of zip.stream(zip.entries[0])) streamed += piece.length;
  })();
  await expect(streaming).rejects.toThrow("it has more than the 524288 bytes that it claims");
  expect(streamed).toBe(2 ** 19);
});

test("an entry larger than allowed is not read", async () => {
  const zip = await openZip(whole);
  await expect(zip.read(zip.entries[1], { largest: 5 })).rejects.toThrow(
    "b.png from bytes in memory, but it has 6 bytes; at most 5",
  );
});

test("an archive cut off anywhere is refused", async () => {
  const bytes = zipOf([{ ...two[0], wide: true }, two[1]], { wide: true });
  for (let length = 0; length < bytes.length; length++) {
    await expect(openZip(bytes.subarray(0, length)), `${length} bytes`).rejects.toThrow(/truncated|empty/);
  }
});

test("whichever byte is changed, content is right or refused", async () => {
  const good = zipOf([
    { name: "a", content: "aaaaaaaaaaaaaaaaaa", method: 8 },
    { name: "b", content: "two", wide: true },
  ]);
  let read = 0;
  for (let at = 0; at < good.length; at++) {
    for (const value of [0, 1, 0x7f, 0xff, good[at] ^ 0x80]) {
      const bytes = Buffer.from(good);
      bytes[at] = value;
      try {
        const zip = await openZip(bytes);
        for (const entry of zip.entries) {
          expect(["aaaaaaaaaaaaaaaaaa", "two"]).toContain(text(await zip.read(entry, { largest })));
          read++;
        }
      } catch (error) {
        expect(error, `byte ${at} as ${value}`).toBeInstanceOf(UserError);
      }
    }
  }
  expect(read).toBeGreaterThan(500);
});

test("a missing file is said to be missing, a folder to be no file", async () => {
  await expect(openZip(join(folder, "none.zip"))).rejects.toThrow("none.zip, but there is nothing.");
  await expect(openZip(folder)).rejects.toThrow("but it is no file.");
});
