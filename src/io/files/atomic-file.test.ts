import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeFolderSynced, removeUnfinished, writeFileAtomic, writeSynced } from "./atomic-file.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "strata-formats-"));
});
afterAll(() => rm(folder, { recursive: true }));

test("replace the old file and leave nothing beside it", async () => {
  const path = join(folder, "file.bin");
  await writeFileAtomic(path, Buffer.from("old"));
  await writeFileAtomic(path, Buffer.from("new"));
  expect(await readFile(path, "utf8")).toBe("new");
  expect(await readdir(folder)).toEqual(["file.bin"]);
});

test("a place that cannot be written is named", async () => {
  const path = join(folder, "missing", "file.bin");
  await expect(writeFileAtomic(path, Buffer.from("x"))).rejects.toThrow(`Expected to write ${path}`);
});

test("pieces are written one after another, and hashed", async () => {
  const path = join(folder, "pieces.bin");
  const content = (function* () {
    yield Buffer.from("one ");
    yield Buffer.from("two");
  })();
  const sha256 = createHash("sha256").update("one two").digest("hex");
  expect(await writeSynced(path, content)).toEqual({ bytes: 7, sha256 });
  expect(await readFile(path, "utf8")).toBe("one two");
});

test("a failure on the way leaves the old file, and nothing beside it", async () => {
  const path = join(folder, "kept.bin");
  await writeFileAtomic(path, Buffer.from("old"));
  const failing = (function* () {
    yield Buffer.from("new");
    throw new Error("out of ideas");
  })();
  await expect(writeFileAtomic(path, failing)).rejects.toThrow(
    `Expected to write ${path}, but that failed: out of ideas`,
  );
  expect(await readFile(path, "utf8")).toBe("old");
  expect((await readdir(folder)).filter((name) => name.includes("kept"))).toEqual(["kept.bin"]);
});

test("two writers of one path at once both finish", async () => {
  const path = join(folder, "shared.bin");
  const texts = ["first", "second"];
  await Promise.all(texts.map((text) => writeFileAtomic(path, Buffer.from(text))));
  expect(texts).toContain(await readFile(path, "utf8"));
});

test("what a killed writer left is removed; what a living one is writing stays, and so do other files", async () => {
  const place = join(folder, "unfinished");
  await makeFolderSynced(join(place, "below"));
  const dead = spawnSync(process.execPath, ["--eval", ""]).pid;
  const names = [`.a.json.${dead}-0.writing`, `.b.json.${process.pid}-3.writing`, "c.writing", "d.json"];
  for (const name of names) await writeFile(join(place, name), "");
  await removeUnfinished(place);
  expect((await readdir(place)).sort()).toEqual([...names.slice(1), "below"].sort());
});

test("a folder that cannot be made is named", async () => {
  await writeFile(join(folder, "a-file"), "");
  const making = makeFolderSynced(join(folder, "a-file", "folder"));
  await expect(making).rejects.toThrow(
    `Expected to write ${join(folder, "a-file", "folder")}, but a part of its path is a file, not a folder`,
  );
  await expect(makeFolderSynced(join(folder, "a-file"))).rejects.toThrow("a file of that name is there");
  await makeFolderSynced(join(folder, "one", "two", "three"));
  await makeFolderSynced(join(folder, "one", "two", "three"));
  expect(await readdir(join(folder, "one", "two"))).toEqual(["three"]);
});

test.runIf(process.platform === "linux")("a place that takes no folders is refused, not asked for ever", async () => {
  await expect(makeFolderSynced("/proc/strata/run")).rejects.toThrow(
    "Expected to write /proc/strata/run, but nothing can be made there",
  );
});
