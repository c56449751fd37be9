import { spawnSync } from "node:child_process";
import { readdir, rm, symlink, truncate } from "node:fs/promises";
import { join, relative } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { plain, shades, temporaryFolder, writeFiles } from "../../test/support/images.js";
import { UserError } from "../errors.js";
import { takeFirst } from "./image-set.js";
import { openData } from "./open-data.js";

const folder = await temporaryFolder();
const path = (name: string) => join(folder, name);

vi.stubEnv("STRATA_CACHE_DIR", path("cache"));

/** The sets of a source, in memory, and what was skipped. */
async function open(source: string, resolution = 4) {
  const { train, validation, test, skipped } = await openData(source, { resolution });
  const [inTrain, inValidation, inTest] = [train, validation, test].map((set) => takeFirst(set, set.count));
  return { train: inTrain, validation: inValidation, test: inTest, skipped };
}

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
  ...shades(4, "tested/test/cat/"),
  ...shades(3, "few/"),
  ...shades(3, "some/"),
  "some/broken.png": "this is no picture",
  "none/a.png": "this is no picture",
  "none/b.jpg": "",
  "other/film.mp4": "no image",
  "file.png": plain([0, 0, 0]),
  "mixed/large.png": plain([0, 0, 0], 8),
  "mixed/small.png": plain([0, 0, 0], 4),
  ...shades(3, "outside/"),
  "links/x.txt": "",
});
await writeFiles(folder, { "empty/sub/.gitkeep": "" });
await symlink(path("nothing"), path("flat/link"));
await symlink(path("flat/0.png"), path("flat/link.png"));
await symlink(path("nothing"), path("links/images"));

const setsOf = async (source: string) => {
  const { train, validation, test } = await open(source);
  return [train, validation, test];
};

test("a folder is divided by name, sorted, without hidden files and links to what it has", async () => {
  const sets = await setsOf(`folder:${path("flat")}`);
  expect(sets.reduce((sum, { count }) => sum + count, 0)).toBe(40);
  for (const { count, images, classes, labels, resolution } of sets) {
    expect(count).toBeGreaterThan(0);
    expect([images.length, classes, labels.length, resolution]).toEqual([count * 48, [], 0, 4]);
  }
  const greys = sets.flatMap(({ images }) => [...images].filter((_, i) => i % 48 === 0));
  expect(new Set(greys).size).toBe(40); // no image in two splits
  const again = await setsOf(path("flat"));
  expect(again[0]).toEqual({ ...sets[0], name: path("flat") });
});

test("first-level sub-folders are classes, the same in every split", async () => {
  const sets = await setsOf(path("classes"));
  for (const { classes } of sets) expect(classes).toEqual(["cats", "dogs"]);
  expect(sets.reduce((sum, { labels }) => sum + labels.length, 0)).toBe(60);
  const [train] = sets;
  expect([...train.labels]).toEqual([...train.labels].sort());
  expect(new Set(train.labels)).toEqual(new Set([0, 1]));
});

test("sub-folders named train, val and test are the split, their sub-folders the classes", async () => {
  const [train, validation, held] = await setsOf(path("divided"));
  expect([train.count, validation.count, held.count]).toEqual([9, 3, 2]);
  expect(train.classes).toEqual(["ants", "cats", "dogs"]);
  expect([...train.labels]).toEqual([1, 1, 1, 1, 2, 2, 2, 2, 2]);
  expect([...validation.labels]).toEqual([2, 2, 2]);
  expect([...held.labels]).toEqual([0, 0]);
});

test("without a folder of its own, validation is taken from train", async () => {
  const [train, validation, held] = await setsOf(path("undivided"));
  expect(held.count).toBe(2);
  expect(validation.count).toBeGreaterThan(0);
  expect(validation.count).toBeLessThan(10);
  expect(train.count + validation.count).toBe(60);
  expect(train.classes).toEqual([]);
});

test("a class may be called train", async () => {
  expect((await open(path("vehicles"))).train.classes).toEqual(["train", "tram"]);
});

test("of a small set nothing is held out", async () => {
  const sets = await setsOf(path("few"));
  expect(sets.map(({ count }) => count)).toEqual([3, 0, 0]);
});

test("a set may have nothing to train on", async () => {
  const sets = await setsOf(`cifar10:${path("tested")}`);
  expect(sets.map(({ count }) => count)).toEqual([0, 4, 4]);
});

test("a source with a very long name is kept too", async () => {
  const name = "x".repeat(200);
  await writeFiles(folder, shades(3, `${name}/`));
  expect((await open(path(name))).train.count).toBe(3);
});

test("unreadable files are named, and the rest is used", async () => {
  const { train, skipped } = await open(path("some"));
  expect(train.count).toBe(3);
  expect(skipped).toEqual([{ file: "broken.png", reason: "expected JPEG, PNG, WebP, GIF, AVIF or TIFF, got text" }]);
});

test("images that would have to be enlarged may be refused", async () => {
  const { train, skipped } = await openData(path("mixed"), { resolution: 6, undersized: "refuse" });
  expect([train.count, skipped.length]).toEqual([1, 1]);
  expect(skipped[0]).toEqual({ file: "small.png", reason: "expected at least 6 pixels on each side, got 4×4" });
  expect((await openData(path("mixed"), { resolution: 6 })).train.count).toBe(2);
  await expect(openData(path("few"), { resolution: 64, undersized: "refuse" })).rejects.toThrow(
    /^Expected usable images in .*few, but none of its 3 files is one:\n {2}0\.png: expected at least 64 pixels on each side/,
  );
});

test("listing a source can be interrupted", async () => {
  const opening = openData(path("few"), { resolution: 5, signal: AbortSignal.abort(new Error("stopped")) });
  await expect(opening).rejects.toThrow("stopped");
});

test("a relative path is a folder too", async () => {
  expect((await open(relative(process.cwd(), path("few")))).train.count).toBe(3);
});

test.each([
  [
    "a missing folder",
    () => `folder:${path("nowhere")}`,
    `at ${path("nowhere")}, but there is nothing. Check the path.`,
  ],
  ["a missing path", () => path("nowhere"), "Expected a data source (emoji,"],
  ["an empty folder", () => path("empty"), "sub-folders, but it has no files"],
  ["a folder of other files", () => path("other"), "but it has 1 .mp4 file (film.mp4)"],
  ["a folder of links", () => path("links"), "(and 1 that are not used, as images: it is a broken link"],
  ["a file", () => path("file.png"), "but it is a file. Give the folder around it."],
  ["no path", () => "folder:", 'at "", but there is nothing'],
  ["text files named as images", () => path("none"), "none of its 2 files is one:\n  a.png: "],
  [
    "an unknown kind of source",
    () => "video:films",
    "Expected a data source (emoji, emoji:RESOLUTION (as emoji:64), glyphs, glyphs:RESOLUTION (as glyphs:64), cifar10, cifar10:PATH",
  ],
  [
    "emoji of no size",
    () => "emoji:large",
    "Expected a data source (emoji, emoji:RESOLUTION (as emoji:64), glyphs, glyphs:RESOLUTION (as glyphs:64), cifar10",
  ],
  ["emoji of another size", () => "emoji:64", "asks for images of 64×64, but the model takes 4×4. Give emoji:4"],
])("%s is refused with a clear message", async (_, source, message) => {
  const opening = open(source());
  await expect(opening).rejects.toThrow(UserError);
  await expect(opening).rejects.toThrow(message);
});

describe("packed images", () => {
  const opening = async (source: string, resolution = 4) => {
    const notices: string[] = [];
    const packed: number[] = [];
    const onProgress = (done: number) => packed.push(done);
    const { train } = await openData(source, { resolution, onProgress, onNotice: (message) => notices.push(message) });
    return { train: takeFirst(train, train.count), notices, decoded: packed.length };
  };

  test("are made once, and again when the source changes", async () => {
    await writeFiles(folder, shades(20, "changing/"));
    const source = `folder:${path("changing")}`;
    const first = await opening(source);
    expect(first).toMatchObject({ notices: [], decoded: 20 });
    expect(await opening(source)).toEqual({ ...first, decoded: 0 });
    expect(await opening(source, 8)).toMatchObject({ notices: [], decoded: 20 });
    await writeFiles(folder, { "changing/1.png": plain([1, 2, 3], 9) });
    const changed = await opening(source);
    expect(changed).toMatchObject({
      decoded: 20,
      notices: [expect.stringContaining("has changed since it was packed")],
    });
    expect(changed.train.images).not.toEqual(first.train.images);
    await rm(path("changing/19.png"));
    expect(await opening(source)).toMatchObject({ decoded: 19 });
  });

  test("without a cache lie in a folder that goes away, at the latest when another process comes", async () => {
    const script = `
      import { openData } from ${JSON.stringify(new URL("open-data.ts", import.meta.url).href)};
      await openData(${JSON.stringify(path("few"))}, { resolution: 4 });
      if (process.argv[1] === "killed") process.kill(process.pid, "SIGKILL");
    `;
    const temporary = path("temporary");
    await writeFiles(temporary, { "strata-data-elsewhere-1-0-aaaaaa/set": "", [`strata-data-${process.pid}/x`]: "" });
    const folders = async () => (await readdir(temporary)).filter((name) => name.startsWith("strata-")).sort();
    const others = await folders();
    const env = { ...process.env, STRATA_CACHE_DIR: "", TMPDIR: temporary };
    const run = (how: string) =>
      spawnSync(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", script, how], { env });
    expect(run("killed").signal).toBe("SIGKILL");
    expect(await folders()).toHaveLength(others.length + 1);
    expect(run("whole").status).toBe(0);
    expect(await folders()).toEqual(others);
  });

  test("of one folder are one, however its path is written", async () => {
    await writeFiles(folder, shades(12, "one/"));
    await symlink(path("one"), path("one-link"));
    const first = await opening(`folder:${path("one")}`);
    expect(first.decoded).toBe(12);
    const others = [path("one"), `${path("few")}/../one/`, relative(process.cwd(), path("one")), path("one-link")];
    for (const source of [...others, ...others.map((name) => `folder:${name}`)]) {
      const { train, decoded } = await opening(source);
      expect({ train, decoded }).toEqual({ train: { ...first.train, name: source }, decoded: 0 });
    }
  });

  test("of CIFAR-10 by the name of its kind are not those of the bare path", async () => {
    await writeFiles(folder, { ...shades(2, "named/train/cat/"), ...shades(2, "named/train/dog/") });
    expect((await opening(`cifar10:${path("named")}`)).train.classes).toHaveLength(10);
    expect((await opening(path("named"))).train.classes).toEqual(["cat", "dog"]);
    expect((await opening(path("named"))).decoded).toBe(0);
  });

  test("say every time what was guessed and what is not used; a layout makes others of them", async () => {
    await writeFiles(folder, { ...shades(3, "told/train/a/"), ...shades(3, "told/train/b/"), "told/list.txt": "x" });
    const source = `folder:${path("told")}`;
    const notices = [
      'Folders taken for splits: train (train). If they are classes, give `layout: "classes"`.',
      'Folders taken for classes: 2 (a, b). If they are not, give `layout: "splits"`.',
      "Not used: 1 .txt file (list.txt).",
    ];
    expect((await opening(source)).notices).toEqual(notices);
    expect(await opening(source)).toMatchObject({ notices, decoded: 0 });
    const { train, unused } = await openData(source, { resolution: 4, layout: "splits" });
    expect([train.classes, unused]).toEqual([[], [{ what: ".txt file", count: 1, files: ["list.txt"] }]]);
    await expect(openData("emoji", { resolution: 4, layout: "flat" })).rejects.toThrow("got emoji. Leave it out");
  });

  test("have no class all of whose files cannot be decoded, and say so", async () => {
    const set = { ...shades(2, "lost/a/"), ...shades(2, "lost/c/"), "lost/b/0.png": "text", "lost/b/1.png": "text" };
    await writeFiles(folder, set);
    const { train, notices } = await opening(path("lost"));
    expect([train.classes, [...train.labels]]).toEqual([
      ["a", "c"],
      [0, 0, 1, 1],
    ]);
    expect(notices).toContain(
      "No file of b can be decoded, so it is not a class. Replace the files, or remove the folders.",
    );
  });

  test("keep a class whose images are only too small", async () => {
    const large = (name: string) => ({ [`sizes/${name}/0.png`]: plain([9, 9, 9], 8) });
    await writeFiles(folder, { ...large("a"), ...large("c"), "sizes/b/0.png": plain([0, 0, 0], 4) });
    const { train } = await openData(path("sizes"), { resolution: 6, undersized: "refuse" });
    expect([train.classes, [...train.labels]]).toEqual([
      ["a", "b", "c"],
      [0, 2],
    ]);
  });

  test("of a bare path are said to be what they were taken for", async () => {
    expect((await opening(path("few"))).notices).toEqual([`${path("few")} is taken as a folder of images.`]);
  });

  test("that are damaged are made again", async () => {
    await writeFiles(folder, shades(3, "damaged/"));
    const source = `folder:${path("damaged")}`;
    const first = await opening(source);
    const file = (await readdir(path("cache/data"))).find((name) => name.startsWith("damaged-"))!;
    await truncate(path(`cache/data/${file}`), 4200);
    const again = await opening(source);
    expect(again).toMatchObject({
      train: first.train,
      decoded: 3,
      notices: [expect.stringContaining("Packing again")],
    });
    expect(await opening(source)).toMatchObject({ decoded: 0, notices: [] });
  });
});
