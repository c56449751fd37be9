import { symlink } from "node:fs/promises";
import { join, relative } from "node:path";
import { expect, test } from "vitest";
import { plain, shades, temporaryFolder, writeFiles } from "../../test/support/images.js";
import { UserError } from "../errors.js";
import type { Split } from "./image-set.js";
import { openData } from "./open-data.js";

const folder = await temporaryFolder();
const path = (name: string) => join(folder, name);
const open = (source: string, split: Split = "train", resolution = 4) => openData(source, { resolution, split });

await writeFiles(folder, {
  ...shades(40, "flat/"),
  "flat/notes.txt": "no image",
  "flat/.hidden.png": "no image",
  "flat/__MACOSX/0.png": "no image",
  ...shades(30, "classes/dogs/", "JPG"),
  ...shades(30, "classes/cats/deep/", "webp"),
  ...shades(5, "divided/train/dogs/"),
  ...shades(4, "divided/train/cats/"),
  ...shades(3, "divided/val/dogs/"),
  ...shades(2, "divided/test/ants/"),
  "divided/preview.png": plain([0, 0, 0]),
  ...shades(60, "undivided/train/"),
  ...shades(2, "undivided/test/"),
  ...shades(3, "vehicles/train/"),
  ...shades(3, "vehicles/tram/"),
  ...shades(3, "few/"),
  ...shades(3, "some/"),
  "some/broken.png": "this is no picture",
  "none/a.png": "this is no picture",
  "none/b.jpg": "",
  "other/film.mp4": "no image",
  "file.png": plain([0, 0, 0]),
  ...shades(3, "outside/"),
  "links/x.txt": "",
});
await writeFiles(folder, { "empty/sub/.gitkeep": "" });
await symlink(path("outside"), path("flat/link"));
await symlink(path("outside/0.png"), path("flat/link.png"));
await symlink(path("outside"), path("links/images"));

const names = async (source: string) =>
  Promise.all((["train", "validation", "test"] as const).map((split) => open(source, split)));

test("a folder is divided by name, sorted, without links and hidden files", async () => {
  const sets = await names(`folder:${path("flat")}`);
  expect(sets.reduce((sum, { count }) => sum + count, 0)).toBe(40);
  for (const { count, images, classes, labels, skipped, resolution } of sets) {
    expect(count).toBeGreaterThan(0);
    expect([images.length, classes, labels.length, skipped, resolution]).toEqual([count * 48, [], 0, [], 4]);
  }
  const greys = sets.flatMap(({ images }) => [...images].filter((_, i) => i % 48 === 0));
  expect(new Set(greys).size).toBe(40); // no image in two splits
  const again = await open(path("flat"));
  expect(again).toEqual({ ...sets[0], name: path("flat") });
});

test("first-level sub-folders are classes, the same in every split", async () => {
  const sets = await names(path("classes"));
  for (const { classes } of sets) expect(classes).toEqual(["cats", "dogs"]);
  expect(sets.reduce((sum, { labels }) => sum + labels.length, 0)).toBe(60);
  const [train] = sets;
  expect([...train.labels]).toEqual([...train.labels].sort());
  expect(new Set(train.labels)).toEqual(new Set([0, 1]));
});

test("sub-folders named train, val and test are the split, their sub-folders the classes", async () => {
  const [train, validation, held] = await names(path("divided"));
  expect([train.count, validation.count, held.count]).toEqual([9, 3, 2]);
  expect(train.classes).toEqual(["ants", "cats", "dogs"]);
  expect([...train.labels]).toEqual([1, 1, 1, 1, 2, 2, 2, 2, 2]);
  expect([...validation.labels]).toEqual([2, 2, 2]);
  expect([...held.labels]).toEqual([0, 0]);
});

test("without a folder of its own, validation is taken from train", async () => {
  const [train, validation, held] = await names(path("undivided"));
  expect(held.count).toBe(2);
  expect(validation.count).toBeGreaterThan(0);
  expect(validation.count).toBeLessThan(10);
  expect(train.count + validation.count).toBe(60);
  expect(train.classes).toEqual([]);
});

test("a class may be called train", async () => {
  expect((await open(path("vehicles"))).classes).toEqual(["train", "tram"]);
});

test("of a small set nothing is held out", async () => {
  const sets = await names(path("few"));
  expect(sets.map(({ count }) => count)).toEqual([3, 0, 0]);
});

test("unreadable files are named, and the rest is used", async () => {
  const { count, skipped } = await open(path("some"));
  expect(count).toBe(3);
  expect(skipped).toEqual([{ file: "broken.png", reason: "expected JPEG, PNG, WebP or GIF, got text" }]);
});

test("a relative path is a folder too", async () => {
  expect((await open(relative(process.cwd(), path("few")))).count).toBe(3);
});

test.each([
  [
    "a missing folder",
    () => `folder:${path("nowhere")}`,
    `at ${path("nowhere")}, but there is nothing. Check the path.`,
  ],
  ["a missing path", () => path("nowhere"), "Expected a data source (emoji,"],
  ["an empty folder", () => path("empty"), "sub-folders, but it has no files"],
  ["a folder of other files", () => path("other"), "its 1 files are others, as film.mp4"],
  ["a folder of links", () => path("links"), "1 symbolic links, which are not followed"],
  ["a file", () => path("file.png"), "but it is a file. Give the folder around it."],
  ["no path", () => "folder:", 'at "", but there is nothing'],
  ["text files named as images", () => path("none"), "none of its 2 files is one:\n  a.png: "],
  [
    "an unknown kind of source",
    () => "video:films",
    "Expected a data source (emoji, emoji:RESOLUTION (as emoji:64), folder:PATH",
  ],
  ["emoji of another size", () => "emoji:64", "asks for images of 64×64, but the model takes 4×4. Give emoji:4"],
])("%s is refused with a clear message", async (_, source, message) => {
  const opening = open(source());
  await expect(opening).rejects.toThrow(UserError);
  await expect(opening).rejects.toThrow(message);
});

test("emoji are decoded onto white, with their groups", async () => {
  const { count, classes, labels, images, skipped } = await open("emoji:16", "validation", 16);
  expect(count).toBeGreaterThan(80);
  expect([classes.length, labels.length, skipped.length]).toEqual([9, count, 0]);
  const corners = Array.from({ length: count }, (_, i) => images[i * 768]);
  expect(corners.filter((red) => red === 255).length / count).toBeGreaterThan(0.7);
  expect(await open("emoji", "validation", 16)).toMatchObject({ count, images });
});
