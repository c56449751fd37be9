import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { longName, pax, type TarSpec, tarOf } from "../../../test/support/archives.js";
import { temporaryFolder } from "../../../test/support/images.js";
import { UserError } from "../../errors.js";
import { EntryError } from "./archive-entry.js";
import { openTar } from "./tar.js";
import { openTarGz } from "./tar-gz.js";

const folder = await temporaryFolder();
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");
const largest = 2 ** 24;
const long = "pixels ".repeat(400_000); // 2.8 MB
const deep = `${"deep/".repeat(30)}a.png`; // longer than a header has room for

/** What a plain and a compressed archive have, which must agree. */
async function contents(bytes: Uint8Array): Promise<{ files: Record<string, string>; refused: unknown }> {
  const tar = await openTar(bytes);
  const compressed = await openTarGz(gzipSync(bytes));
  expect(compressed.entries).toEqual(tar.entries);
  expect(compressed.refused).toEqual(tar.refused);
  const files: Record<string, string> = {};
  for (const entry of tar.entries) files[entry.name] = text(await tar.read(entry, { largest }));
  const names = new Set(tar.entries.map(({ name }) => name));
  const passed: string[] = [];
  for await (const { name, content } of compressed.files(names, { largest })) {
    expect(text(content as Uint8Array)).toBe(files[name]);
    passed.push(name);
  }
  expect(passed).toEqual([...names]);
  return { files, refused: tar.refused };
}

const two: TarSpec[] = [
  { name: "a.png", content: "first" },
  { name: "b.png", content: "second" },
];

test.each<[string, TarSpec[], Record<string, string>]>([
  [
    "plain names, ./ before them and empty files",
    [{ name: "./a//b.png", content: "x" }, { name: "e.png" }],
    { "a/b.png": "x", "e.png": "" },
  ],
  [
    "folders of both kinds",
    [
      { name: "./", type: "5" },
      { name: "a/", type: "\0" },
      { name: "a/b", content: "x" },
    ],
    { "a/b": "x" },
  ],
  ["a prefix of ustar", [{ name: "a.png", prefix: "some/where", content: "x" }], { "some/where/a.png": "x" }],
  ["GNU's use of those bytes", [{ name: "a.png", magic: "ustar  \0", prefix: "123", content: "x" }], { "a.png": "x" }],
  ["V7 headers", [{ name: "a.png", type: "\0", magic: "", content: "x" }], { "a.png": "x" }],
  ["a GNU long name", [longName(deep), { name: "deep/dee", content: "x" }], { [deep]: "x" }],
  [
    "a pax name and size",
    [pax({ path: deep, size: "4", comment: "hello" }), { name: "deep/dee", content: "four", size: 0 }],
    { [deep]: "four" },
  ],
  ["a comment for all files", [pax({ comment: "commit" }, "g"), ...two], { "a.png": "first", "b.png": "second" }],
  [
    "a size in base 256",
    [{ name: "a.png", content: "four", size: "\x80\0\0\0\0\0\0\0\0\0\0\x04" }],
    { "a.png": "four" },
  ],
  ["a size of spaces and digits", [{ name: "a.png", content: "four", size: "         4 \0" }], { "a.png": "four" }],
  ["large files", [{ name: "a.png", content: long }, two[1]], { "a.png": long, "b.png": "second" }],
  ["other alphabets", [{ name: "übung/零.png", content: "x" }], { "übung/零.png": "x" }],
  ["Latin-1", [{ name: Buffer.from("f\xfcr.png", "latin1"), content: "x" }], { "für.png": "x" }],
  [
    "hard links behind their files, in front of them, to each other and to empty files",
    [
      { name: "early.png", type: "1", target: "./late.png" },
      { name: "cats/a.png", content: "first" },
      { name: "dogs/a.png", type: "1", target: "cats/a.png", size: 99 },
      { name: "third.png", type: "1", target: "dogs//a.png" },
      { name: "e.png" },
      { name: "late.png", content: long },
      { name: "e2.png", type: "1", target: "e.png" },
    ],
    {
      ...{ "early.png": long, "late.png": long, "e.png": "", "e2.png": "" },
      ...{ "cats/a.png": "first", "dogs/a.png": "first", "third.png": "first" },
    },
  ],
  [
    "symbolic links from folder to folder",
    [
      { name: "cats/a.png", content: "first" },
      { name: "set/one/b.png", type: "2", target: "../../cats/./a.png" },
      { name: "set/one/c.png", type: "2", target: "b.png" },
      { name: "d.png", type: "1", target: "set/one/c.png" },
    ],
    { "cats/a.png": "first", "set/one/b.png": "first", "set/one/c.png": "first", "d.png": "first" },
  ],
  [
    "long targets of GNU and pax, and one in Latin-1",
    [
      { name: Buffer.from("f\xfcr.png", "latin1"), content: "one" },
      { name: "x.png", type: "1", target: Buffer.from("f\xfcr.png", "latin1") },
      longName(deep),
      { name: "deep/dee", content: "two" },
      longName(deep, "K"),
      { name: "y.png", type: "1", target: "deep/dee" },
      pax({ linkpath: deep }),
      { name: "z.png", type: "2", target: "deep/dee" },
    ],
    { "für.png": "one", "x.png": "one", [deep]: "two", "y.png": "two", "z.png": "two" },
  ],
  ["no files", [], {}],
])("archives with %s are read, plain and compressed", async (_, specs, files) => {
  expect(await contents(tarOf(specs))).toEqual({ files, refused: [] });
});

test("a pax header that stands before a GNU long name holds for the file, not for the name", async () => {
  const smuggled = tarOf([
    pax({ size: "2048" }),
    longName("longname.txt"),
    { name: "a", content: tarOf([{ name: "c", content: "?" }]) },
    { name: "b", content: "second" },
  ]);
  expect((await contents(smuggled)).files).toEqual({
    "longname.txt": text(tarOf([{ name: "c", content: "?" }])),
    b: "second",
  });
});

const sparse: Record<number, number> = { 482: 1 }; // more of its map follows

test.each<[string, TarSpec[], string, string]>([
  ["a path upwards", [{ name: "../../etc/passwd" }], "../../etc/passwd", "its name goes upwards (..)"],
  ["an absolute path", [{ name: "/etc/passwd" }], "/etc/passwd", "its name is an absolute path"],
  [
    "an absolute path of pax",
    [pax({ path: "/etc/passwd" }), { name: "x" }],
    "/etc/passwd",
    "its name is an absolute path",
  ],
  [
    "a long path upwards of GNU",
    [longName(`${"a/".repeat(60)}../../x`), { name: "x" }],
    `${"a/".repeat(60)}… (127 bytes)`,
    "its name goes upwards (..)",
  ],
  ["a prefix upwards", [{ name: "x", prefix: ".." }], "../x", "its name goes upwards (..)"],
  ["a drive", [{ name: "C:\\a.png" }], "C:\\\\a.png", "its name has a backslash"],
  [
    "a NUL in a pax name",
    [pax({ path: "a.png\0.exe" }), { name: "x" }],
    "a.png\\x00.exe",
    "its name has the control character \\x00",
  ],
  ["no name", [{ name: "" }], "", "it has no name"],
  [
    "10,000 levels",
    [longName(`${"a/".repeat(9999)}b`), { name: "a" }],
    `${"a/".repeat(60)}… (19999 bytes)`,
    "its name has 19999 bytes and 9999 levels; at most 4096 bytes are read",
  ],
  [
    "a symbolic link to what is not there",
    [{ name: "link.png", type: "2", target: "none.png", size: 99 }],
    "link.png",
    "it is a symbolic link to none.png, which is no file of the archive",
  ],
  [
    "a hard link to what is not there",
    [{ name: "link.png", type: "1", target: "none.png", size: 99 }],
    "link.png",
    "it is a hard link to none.png, which is no file of the archive",
  ],
  [
    "a link to a folder",
    [{ name: "link", type: "2", target: "." }],
    "link",
    "it is a symbolic link to ., which is no file of the archive",
  ],
  [
    "an absolute link",
    [{ name: "link.png", type: "2", target: "/etc/passwd" }],
    "link.png",
    "it is a symbolic link to /etc/passwd, which leads out of the archive",
  ],
  [
    "an absolute hard link",
    [{ name: "link.png", type: "1", target: "/a.png" }],
    "link.png",
    "it is a hard link to /a.png, which leads out of the archive",
  ],
  [
    "a link upwards and back in",
    [{ name: "set/link.png", type: "2", target: "../../set/../a.png" }],
    "set/link.png",
    "it is a symbolic link to ../../set/../a.png, which leads out of the archive",
  ],
  [
    "a hard link upwards",
    [{ name: "set/link.png", type: "1", target: "set/../a.png" }],
    "set/link.png",
    "it is a hard link to set/../a.png, which leads out of the archive",
  ],
  [
    "a link to itself",
    [{ name: "link.png", type: "1", target: "link.png" }],
    "link.png",
    "it is a hard link to link.png, which leads back to itself",
  ],
  [
    "a link to nothing, of a pax size",
    [pax({ size: "512" }), { name: "link.png", type: "2" }],
    "link.png",
    "it is a symbolic link to nothing, which is no file of the archive",
  ],
  [
    "a link of a name that is there already",
    [{ name: "a.png", type: "1", target: "b.png" }],
    "a.png",
    "the archive has that name twice; the first is used",
  ],
  ["a character device", [{ name: "zero.png", type: "3" }], "zero.png", "it is a device"],
  ["a block device", [{ name: "disk.png", type: "4" }], "disk.png", "it is a device"],
  ["a pipe", [{ name: "pipe.png", type: "6" }], "pipe.png", "it is a named pipe"],
  [
    "a sparse file of GNU",
    [{ name: "s.png", type: "S", magic: "ustar  \0", content: "data" }],
    "s.png",
    "it is a sparse file",
  ],
  [
    "a sparse file of pax",
    [pax({ "GNU.sparse.major": "1" }), { name: "s.png", content: "data" }],
    "s.png",
    "it is a sparse file",
  ],
  ["an unknown type", [{ name: "x.png", type: "Z", content: "data" }], "x.png", "it is of the unknown type Z"],
  ["two names", [pax({ path: "p.png" }), longName("g.png"), { name: "x" }], "p.png", "it has two names (pax, GNU)"],
  [
    "a name that is there already",
    [{ name: "./a.png", content: "other" }],
    "a.png",
    "the archive has that name twice; the first is used",
  ],
])("%s is listed as refused, and the other members are read", async (_, specs, file, reason) => {
  const { files, refused } = await contents(tarOf([two[0], ...specs, two[1]]));
  expect(refused).toEqual([{ file, reason }]);
  expect(files).toEqual({ "a.png": "first", "b.png": "second" });
});

test("links in a circle are refused, each of them", async () => {
  const ring: TarSpec[] = [
    { name: "x", type: "2", target: "y" },
    { name: "y", type: "1", target: "x" },
    { name: "z", type: "2", target: "y" },
  ];
  const { files, refused } = await contents(tarOf([two[0], ...ring]));
  expect(files).toEqual({ "a.png": "first" });
  expect(refused).toEqual([
    { file: "x", reason: "it is a symbolic link to y, which leads back to itself" },
    { file: "y", reason: "it is a hard link to x, which leads back to itself" },
    { file: "z", reason: "it is a symbolic link to y, which leads back to itself" },
  ]);
});

test("only what is wanted of a compressed archive is given, whether the link, the file or both", async () => {
  const archive = await openTarGz(gzipSync(tarOf([...two, { name: "link", type: "1", target: "a.png" }])));
  const given = async (...names: string[]) => {
    const found = [];
    for await (const { name, content } of archive.files(new Set(names), { largest })) found.push([name, `${content}`]);
    return found;
  };
  expect(await given("link")).toEqual([["link", "first"]]);
  expect(await given("a.png", "link", "b.png")).toEqual([
    ["a.png", "first"],
    ["link", "first"],
    ["b.png", "second"],
  ]);
  expect(await given("none")).toEqual([]);
});

test("the map of a sparse file that goes on behind its header is passed too", async () => {
  const map = Buffer.alloc(1024);
  map[504] = 1; // the first block says that another follows
  const header = tarOf([{ name: "s.png", type: "S", size: 4, patch: sparse }], { end: false });
  const bytes = Buffer.concat([
    header,
    map,
    tarOf([{ name: "x", content: "data" }], { end: false }).subarray(512),
    tarOf(two),
  ]);
  const { files, refused } = await contents(bytes);
  expect(refused).toEqual([{ file: "s.png", reason: "it is a sparse file" }]);
  expect(files).toEqual({ "a.png": "first", "b.png": "second" });
});

const whole = tarOf(two);

test.each<[string, Uint8Array, string]>([
  [
    "text",
    Buffer.from("no archive ".repeat(100)),
    "its header at byte 0 has a wrong checksum: it is damaged, or no tar archive",
  ],
  [
    "a short text",
    Buffer.from("no archive"),
    "it has 10 bytes, too few for a tar archive: it is another file, or truncated",
  ],
  ["a wrong checksum", tarOf([two[0], { ...two[1], checksum: 1 }]), "its header at byte 1024 has a wrong checksum"],
  ["no mark of an end", tarOf(two, { end: false }), "it ends at byte 2048, too early: it is truncated"],
  [
    "another archive behind",
    Buffer.concat([whole, whole]),
    "another archive follows its end at byte 3072. Join them by tar -A",
  ],
  [
    "another archive behind the filling",
    Buffer.concat([whole, Buffer.alloc(8192), whole]),
    "another archive follows its end at byte 11264",
  ],
  [
    "a size that is no number",
    tarOf([{ ...two[0], size: "12345678901x" }]),
    "its header at byte 0 names no valid size",
  ],
  ["a negative size", tarOf([{ ...two[0], size: "\xff".repeat(12) }]), "its header at byte 0 names no valid size"],
  [
    "a size of 2^88",
    tarOf([{ ...two[0], size: `\x80\x01${"\0".repeat(10)}` }]),
    "its header at byte 0 names no valid size",
  ],
  [
    "a size behind the end",
    tarOf([{ ...two[0], size: 8e9 }]),
    "a.png at byte 0 claims 8000000000 bytes, more than the archive has",
  ],
  [
    "a size of petabytes",
    tarOf([two[0], { ...two[1], size: 2 ** 52 }]),
    "b.png at byte 1024 claims 4503599627370496 bytes, more than",
  ],
  [
    "a pax size behind the end",
    tarOf([pax({ size: "9000000000000000" }), two[0]]),
    "a.png at byte 1024 claims 9000000000000000 bytes, more",
  ],
  [
    "a size that ends within a member",
    tarOf([{ ...two[0], content: "?".repeat(999), size: 1 }, two[1]]),
    "its header at byte 1024 has a wrong checksum",
  ],
  [
    "a long name of 2 MiB",
    tarOf([longName("a".repeat(2 ** 21)), two[0]]),
    "its header at byte 0 claims 2097153 bytes of name or records; at most 1 MiB",
  ],
  [
    "pax records of 2 MiB",
    tarOf([pax({ comment: "a".repeat(2 ** 21) }), two[0]]),
    "bytes of name or records; at most 1 MiB are read",
  ],
  [
    "a pax size of words",
    tarOf([pax({ size: "many" }), two[0]]),
    "its header at byte 0 has a pax record of a size that is no number",
  ],
  ["a negative pax size", tarOf([pax({ size: "-512" }), two[0]]), "has a pax record of a size that is no number"],
  [
    "a pax record that is too long",
    tarOf([{ name: "x", type: "x", content: "99 path=a\n" }, two[0]]),
    "has a pax record that is not as long as it says, at its byte 0",
  ],
  [
    "a pax record that is too short",
    tarOf([{ name: "x", type: "x", content: "5 path=a\n" }, two[0]]),
    "that is not as long as it says, at its byte 0",
  ],
  [
    "a pax record of length 0",
    tarOf([{ name: "x", type: "x", content: "0 path=a\n" }, two[0]]),
    "has no pax record at its byte 0",
  ],
  [
    "a pax header of no records",
    tarOf([{ name: "x", type: "x", content: "path" }, two[0]]),
    "has no pax record at its byte 0",
  ],
  [
    "one size for all files",
    tarOf([pax({ size: "1" }, "g"), ...two]),
    "its header at byte 0 gives all files the same name or size",
  ],
  [
    "two sets of pax records",
    tarOf([pax({ path: "x" }), pax({ size: "5" }), two[0]]),
    "byte 1024 gives the same file a second set of pax records",
  ],
  [
    "two long names",
    tarOf([longName("x"), longName("y"), two[0]]),
    "its header at byte 1024 gives the same file a second long name",
  ],
  [
    "two long targets",
    tarOf([longName("x", "K"), longName("y", "K"), two[0]]),
    "its header at byte 1024 gives the same file a second long target",
  ],
  ["a name without its file", tarOf([longName("x")]), "it ends at byte 1536 before a file it announced"],
])("%s is refused with a clear message, plain and compressed", async (_, bytes, message) => {
  for (const opening of [openTar(bytes, "evil"), openTarGz(gzipSync(bytes), "evil")]) {
    await expect(opening).rejects.toThrow(UserError);
    await expect(opening).rejects.toThrow(/^Expected a (tar|\.tar\.gz) archive at evil, but /);
    await expect(opening).rejects.toThrow(message);
  }
});

test("an archive cut off at any block, or within one, is refused at the byte where it ends", async () => {
  const bytes = tarOf([longName(deep), two[0], pax({ path: "p" }), two[1]]);
  const ends = bytes.length - 1024;
  for (let length = 1; length <= ends; length += length % 512 === 1 ? 511 : 1) {
    await expect(openTar(bytes.subarray(0, length)), `${length} bytes`).rejects.toThrow(/truncated/);
    await expect(openTarGz(gzipSync(bytes.subarray(0, length))), `${length} bytes`).rejects.toThrow(/truncated/);
  }
  await expect(openTar(bytes.subarray(0, 1024))).rejects.toThrow("it ends at byte 1024, too early");
  await expect(openTar(bytes.subarray(0, 600))).rejects.toThrow("more than the archive has: it is truncated");
});

test("nothing is no archive", async () => {
  await expect(openTar(new Uint8Array())).rejects.toThrow("it is empty (0 bytes)");
  await expect(openTarGz(new Uint8Array())).rejects.toThrow("it is empty (0 bytes)");
  await expect(openTarGz(gzipSync(""))).rejects.toThrow("it is empty (0 bytes)");
});

test("a compressed archive cut off anywhere, or damaged, is refused", async () => {
  const filling = Buffer.alloc(1e6); // behind the end of the archive, where only the checksum is of interest
  const bytes = gzipSync(Buffer.concat([tarOf([{ name: "a.png", content: long }, two[1]]), filling]));
  for (let length = 1; length < bytes.length; length += 101) {
    await expect(openTarGz(bytes.subarray(0, length)), `${length} bytes`).rejects.toThrow(/truncated|too early/);
  }
  const sum = bytes.length - 6;
  const damaged = Buffer.from(bytes).fill(bytes[sum] ^ 1, sum, sum + 1); // gzip's own checksum
  await expect(openTarGz(damaged)).rejects.toThrow(
    /damaged or end too early, behind byte \d+ of the archive \(incorrect data check\)/,
  );
});

test("a member that claims more than gzip can have compressed is refused at once", async () => {
  const bomb = gzipSync(tarOf([{ name: "a.png", content: Buffer.alloc(2 ** 24), size: 2 ** 33 }]));
  await expect(openTarGz(bomb)).rejects.toThrow("a.png at byte 0 claims 8589934592 bytes, more than the archive has");
});

test("an archive is refused whichever byte of a header is changed, but for those of the checksum, which can be written in many ways", async () => {
  const good = tarOf(two);
  for (let at = 0; at < 512; at += at === 147 ? 9 : 1) {
    for (const value of [0, 0x31, 0x80, 0xff]) {
      const bytes = Buffer.from(good);
      bytes[at] = value;
      const opening = openTar(bytes);
      if (value === good[at]) await opening;
      else await expect(opening, `byte ${at} as ${value}`).rejects.toThrow("its header at byte 0 has a wrong checksum");
    }
  }
});

test("members larger than allowed are not read", async () => {
  const tar = await openTar(whole);
  const reading = tar.read(tar.entries[1], { largest: 5 });
  await expect(reading).rejects.toThrow(EntryError);
  await expect(reading).rejects.toThrow(
    "Expected to read b.png from bytes in memory, but it has 6 bytes; at most 5 are read.",
  );
  const compressed = await openTarGz(gzipSync(whole));
  const found = [];
  for await (const { content } of compressed.files(new Set(["a.png", "b.png"]), { largest: 5 })) found.push(content);
  expect(found).toEqual([Buffer.from("first"), expect.any(EntryError)]);
});

test("an archive that shrinks after it was opened gives an error, not fewer bytes", async () => {
  const path = join(folder, "shrinking.tar");
  await writeFile(path, tarOf([{ name: "a.png", content: long }]));
  await using tar = await openTar(path);
  await writeFile(path, "x");
  await expect(tar.read(tar.entries[0], { largest })).rejects.toThrow("its archive has become shorter");
});
