import { execFileSync } from "node:child_process";
import { mkdir, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { tarOf, zipOf } from "../../../test/support/archives.js";
import { temporaryFolder, writeFiles } from "../../../test/support/images.js";
import { UserError } from "../../errors.js";
import type { Collection, CollectionContent } from "./collection.js";
import { fingerprintOf, openCollection } from "./open-collection.js";

const folder = await temporaryFolder();
const path = (name: string) => join(folder, name);
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");
const largest = 2 ** 24;

async function everything(
  collection: Collection,
  wanted: Iterable<string> = collection.files.map(({ name }) => name),
  options: { largest: number; signal?: AbortSignal } = { largest },
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for await (const content of collection.read(new Set(wanted), options)) {
    found.set(content.name, shown(content));
  }
  return found;
}
const shown = (content: CollectionContent) => ("error" in content ? `error: ${content.error}` : text(content.bytes));

const set: Record<string, string> = {
  "dogs/b.png": "second",
  "cats/deep/ü.png": "large ".repeat(500_000),
  "B.png": "capitals come first",
  "cats/empty.png": "",
  "零.png": "another alphabet",
};
const hidden = { ".git/config": "x", "cats/.DS_Store": "x", "__MACOSX/B.png": "x", "dogs/@eaDir/b.png": "x" };
const sorted = ["B.png", "cats/deep/ü.png", "cats/empty.png", "dogs/b.png", "零.png"];

const specs = Object.entries({ ...set, ...hidden }).map(([name, content]) => ({ name, content, method: 8 }));
await writeFiles(folder, {
  ...Object.fromEntries(Object.entries({ ...set, ...hidden }).map(([name, content]) => [`set/${name}`, content])),
  "set.of zip": zipOf(specs), // known by their content, whatever they are called
  "set.of tar": tarOf(specs),
  "set.of tar.gz": gzipSync(tarOf(specs)),
});

test.each([
  ["folder", "set"],
  ["zip", "set.of zip"],
  ["tar", "set.of tar"],
  ["tar.gz", "set.of tar.gz"],
])("the same set as %s gives the same files and bytes", async (kind, name) => {
  await using collection = await openCollection(path(name));
  expect(collection).toMatchObject({ path: path(name), kind, refused: [] });
  expect(collection.files).toEqual(sorted.map((file) => ({ name: file, bytes: Buffer.from(set[file]).length })));
  expect(new Map([...(await everything(collection))].sort())).toEqual(new Map(Object.entries(set).sort()));

  expect(await everything(collection, ["dogs/b.png", "none.png", ".git/config"])).toEqual(
    new Map([
      ["dogs/b.png", "second"],
      ["none.png", "error: there is no such file"],
      [".git/config", "error: there is no such file"],
    ]),
  );
  expect(await everything(collection, [])).toEqual(new Map());
  expect(await everything(collection, ["dogs/b.png", "B.png"], { largest: 18 })).toEqual(
    new Map([
      ["dogs/b.png", "second"],
      ["B.png", "error: it has 19 bytes; at most 18 are read"],
    ]),
  );
  for await (const content of collection.read(new Set(["B.png"]), { largest: 18 })) {
    expect(content).toMatchObject({ tooLarge: true });
  }
  const aborted = everything(collection, sorted, { largest, signal: AbortSignal.abort(new Error("stopped")) });
  await expect(aborted).rejects.toThrow("stopped");
  for await (const { name: first } of collection.read(new Set(sorted), { largest })) {
    expect(sorted).toContain(first); // leaving early leaves nothing open
    break;
  }
  expect(collection.fingerprint).toMatch(/^[0-9a-f]{64}$/);
  expect(await fingerprintOf(path(name))).toBe(collection.fingerprint);
});

test("a fingerprint changes with a folder's names, sizes and times, and with an archive's", async () => {
  const source = await writeFiles(path("changing"), { "a.png": "one", "b.png": "two" });
  const seen = new Set([await fingerprintOf(source)]);
  await utimes(join(source, "a.png"), 1, 1);
  seen.add(await fingerprintOf(source));
  await writeFile(join(source, "a.png"), "three");
  await utimes(join(source, "a.png"), 1, 1);
  seen.add(await fingerprintOf(source));
  await rename(join(source, "a.png"), join(source, "c.png"));
  seen.add(await fingerprintOf(source));
  await rm(join(source, "c.png"));
  seen.add(await fingerprintOf(source));
  expect(seen.size).toBe(5);

  await writeFile(path("changing.tar"), tarOf([{ name: "a" }]));
  seen.add(await fingerprintOf(path("changing.tar")));
  await utimes(path("changing.tar"), 1, 1);
  seen.add(await fingerprintOf(path("changing.tar")));
  await writeFile(path("changing.tar"), tarOf([{ name: "a" }, { name: "b" }]));
  await utimes(path("changing.tar"), 1, 1);
  seen.add(await fingerprintOf(path("changing.tar")));
  expect(seen.size).toBe(8);
});

test("broken links, pipes and names that cannot be used are listed, and the rest of a folder is read", async () => {
  const source = await writeFiles(path("hostile"), {
    "good.png": "good",
    "back\\slash.png": "x",
    "esc\x1b[2J.png": "x",
    [`${"d/".repeat(63)}deepest.png`]: "deep",
    [`${"d/".repeat(70)}deeper.png`]: "x",
  });
  await symlink("good.png", join(source, "link.png"));
  await symlink(".", join(source, "loop"));
  await symlink("nowhere", join(source, "dangling.png"));
  execFileSync("mkfifo", [join(source, "pipe.png")]);
  await writeFile(Buffer.concat([Buffer.from(`${source}/`), Buffer.from("latin-\xfc.png", "latin1")]), "x");
  const collection = await openCollection(source);
  const refused = collection.refused.map(({ file, reason }): [string, string] => [file, reason]);
  expect(new Map(refused)).toEqual(
    new Map([
      ["back\\\\slash.png", "its name has a backslash"],
      [`${"d/".repeat(60)}… (129 bytes)`, "it is nested 65 levels deep; at most 64 are read"],
      ["dangling.png", "it is a broken link: what it names is not there"],
      ["esc\\x1b[2J.png", "its name has the control character \\x1b"],
      ["latin-\\xfc.png", "its name is not valid UTF-8"],
      ["link.png", "it is a link to good.png, which is listed already"],
      ["loop", "it leads to the folder itself"],
      ["pipe.png", "it is a device, pipe or socket"],
    ]),
  );
  expect(await everything(collection)).toEqual(
    new Map([
      [`${"d/".repeat(63)}deepest.png`, "deep"],
      ["good.png", "good"],
    ]),
  );
});

test("links to files and folders are followed, each folder once", async () => {
  const outside = await writeFiles(path("elsewhere"), { "one.png": "one", "dogs/2.png": "two", "0123": "blob" });
  const source = await writeFiles(path("linked"), { "own/3.png": "three", "blobs/4567": "four" });
  const link = (target: string, name: string) => symlink(target, join(source, name));
  await link(join(outside, "one.png"), "cats.png");
  await link(join(outside, "dogs"), "dogs");
  await link(join(outside, "dogs"), "dogs again");
  await link("own", "own again");
  await link(source, join("own", "back"));
  await link(folder, "up");
  await link("me", "me");
  await link(join(outside, "0123"), "named.png"); // the same file twice, by its links
  await link(join(outside, "0123"), "named too.png");
  await link("blobs/4567", "blob.png");
  execFileSync("mkfifo", [join(outside, "pipe")]);
  await link(join(outside, "pipe"), "pipe.png");
  const collection = await openCollection(source);
  expect(await everything(collection)).toEqual(
    new Map([
      ["blob.png", "four"],
      ["cats.png", "one"],
      ["dogs/2.png", "two"],
      ["named too.png", "blob"],
      ["named.png", "blob"],
      ["own/3.png", "three"],
    ]),
  );
  expect(new Map(collection.refused.map(({ file, reason }) => [file, reason]))).toEqual(
    new Map([
      ["dogs again", "it leads to dogs, which is listed already"],
      ["me", "it is a link that leads to itself"],
      ["own again", "it leads to own, which is listed already"],
      ["own/back", "it leads to the folder itself"],
      ["pipe.png", "it is a link to a device, pipe or socket"],
      ["up", "it leads to a folder around the set"],
    ]),
  );
});

test.each(["set", "set.of zip", "set.of tar", "set.of tar.gz"])(
  "the beginnings of some files of %s are read",
  async (name) => {
    await using collection = await openCollection(path(name));
    const found = new Map<string, string>();
    for await (const { name: file, bytes } of collection.readBeginnings(
      new Set(["dogs/b.png", "cats/deep/ü.png"]),
      8,
    )) {
      found.set(file, text(bytes));
    }
    expect(found).toEqual(
      new Map([
        ["dogs/b.png", "second"],
        ["cats/deep/ü.png", "large la"],
      ]),
    );
  },
);

test("files that go, grow, shrink or become links or pipes after the listing give the reason", async () => {
  const names = ["gone", "grown", "link", "pipe", "same", "shrunk"];
  const source = await writeFiles(path("vanishing"), Object.fromEntries(names.map((name) => [name, "1234"])));
  const collection = await openCollection(source);
  for (const name of ["gone", "link", "pipe"]) await rm(join(source, name));
  await writeFile(join(source, "grown"), "12345");
  await writeFile(join(source, "shrunk"), "123");
  await symlink("same", join(source, "link"));
  execFileSync("mkfifo", [join(source, "pipe")]);
  const changed = "error: it has changed since the folder was listed";
  expect(await everything(collection)).toEqual(
    new Map([
      ["gone", "error: it has gone since the folder was listed"],
      ["grown", changed],
      ["link", changed],
      ["pipe", changed],
      ["same", "1234"],
      ["shrunk", changed],
    ]),
  );
});

test("refused entries of archives are listed, damaged ones given with the reason", async () => {
  const specs = [
    { name: "../up.png", content: "x" },
    { name: ".hidden/link", mode: 0o120777, type: "2" },
    { name: "bad.png", content: "x", claims: { crc: 1 } },
    { name: "good.png", content: "good" },
  ];
  await writeFiles(folder, { "evil.zip": zipOf(specs), "evil.tar": tarOf(specs), "evil.tgz": gzipSync(tarOf(specs)) });
  for (const name of ["evil.zip", "evil.tar", "evil.tgz"]) {
    await using collection = await openCollection(path(name));
    expect(collection.refused).toEqual([{ file: "../up.png", reason: "its name goes upwards (..)" }]);
    const damaged = name === "evil.zip" ? "error: its checksum is wrong: it is damaged" : "x"; // tar has none
    expect(await everything(collection)).toEqual(
      new Map([
        ["bad.png", damaged],
        ["good.png", "good"],
      ]),
    );
  }
});

test("an archive behind a program is known by its end, whatever the program is called", async () => {
  await writeFiles(folder, { "set.exe": Buffer.concat([Buffer.from("MZ program"), zipOf(specs)]) });
  await using collection = await openCollection(path("set.exe"));
  expect(collection.kind).toBe("zip");
  expect(new Map([...(await everything(collection))].sort())).toEqual(new Map(Object.entries(set).sort()));
});

await mkdir(path("empty"));
await writeFiles(folder, {
  "picture.png": "x",
  "nothing.zip": "",
  "nothing.tar": "",
  "text.TGZ": "no archive",
  "text.tar": "no archive ".repeat(100),
  "cut.zip": zipOf(specs).subarray(0, 5000),
  "cut.tgz": gzipSync(tarOf(specs)).subarray(0, 500),
  "single.gz": gzipSync("one file, no archive ".repeat(100)),
});
execFileSync("mkfifo", [path("fifo.tar")]);

test.each([
  ["a missing path", "nowhere", "nowhere, but there is nothing. Check the path."],
  ["a path through a file", "picture.png/set", "but there is nothing. Check the path."],
  ["another file", "picture.png", "picture.png, but it is a file. Give the folder around it."],
  ["a pipe", "fifo.tar", "but it is a device, pipe or socket."],
  ["an empty zip", "nothing.zip", "Expected a zip archive at"],
  ["an empty tar", "nothing.tar", "it is empty (0 bytes)"],
  ["text named as an archive", "text.TGZ", "its compressed data are damaged or end too early"],
  ["text named as a tar", "text.tar", "its header at byte 0 has a wrong checksum: it is damaged, or no tar archive"],
  ["a zip that is cut off", "cut.zip", "its end is missing: it is truncated"],
  ["a tar.gz that is cut off", "cut.tgz", /truncated|too early/],
  ["a gzip of one file", "single.gz", "no tar archive"],
])("%s is refused with a clear message", async (_, name, message) => {
  await expect(openCollection(path(name))).rejects.toThrow(UserError);
  await expect(openCollection(path(name))).rejects.toThrow(message);
});

test("no path is none, and an empty folder has no files", async () => {
  await expect(openCollection("")).rejects.toThrow('at "", but there is nothing. Check the path.');
  expect((await openCollection(path("empty"))).files).toEqual([]);
});
