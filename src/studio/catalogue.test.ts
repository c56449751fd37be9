import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { makeTemporaryFolder } from "../io/files/temporary-folder.js";
import { Catalogue, fileOfRun } from "./catalogue.js";

const temporary = makeTemporaryFolder("strata-catalogue-");
afterAll(() => temporary[Symbol.dispose]());

/** A folder that looks like a run. */
function makeRun(...words: string[]): string {
  const folder = join(temporary.path, ...words);
  mkdirSync(join(folder, "samples"), { recursive: true });
  for (const name of ["config.json", "data.json"]) writeFileSync(join(folder, name), "{}");
  return folder;
}

test("runs are found at a root and below it, also those that come later", async () => {
  const root = join(temporary.path, "all");
  makeRun("all", "one");
  makeRun("all", "more", "two");
  makeRun("all", ".hidden", "three");
  const catalogue = new Catalogue([root, join(temporary.path, "later")]);
  expect((await catalogue.list()).map(({ name }) => name)).toEqual(["two", "one"]);
  makeRun("later");
  expect((await catalogue.list()).map(({ name }) => name)).toEqual(["two", "one", "later"]);
});

test("nothing but what was named is found: no run beside it, none behind a link", async () => {
  const [named, beside] = [makeRun("named", "run"), makeRun("beside")];
  symlinkSync(beside, join(temporary.path, "named", "link"));
  const catalogue = new Catalogue([join(temporary.path, "named")]);
  const runs = await catalogue.list();
  expect(runs.map(({ folder }) => folder)).toEqual([named]);
  const [other] = await new Catalogue([beside]).list();
  for (const id of [other.id, "..", "../beside", beside, ""]) {
    await expect(catalogue.find(id)).rejects.toThrow("Expected a run of this studio");
  }
});

test("an id has no path in it, is the same again, and differs for runs of one name", async () => {
  makeRun("a", "same name!");
  makeRun("b", "same name!");
  const catalogue = new Catalogue([join(temporary.path, "a"), join(temporary.path, "b")]);
  const ids = (await catalogue.list()).map(({ id }) => id);
  expect(new Set(ids).size).toBe(2);
  for (const id of ids) expect(id).toMatch(/^same-name--[0-9a-f]{8}$/);
  expect((await catalogue.list()).map(({ id }) => id)).toEqual(ids);
});

test("a file of a run is where it seems to be: a link that leads out is none", async () => {
  const folder = makeRun("links");
  const [run] = await new Catalogue([folder]).list();
  writeFileSync(join(temporary.path, "secret.png"), "secret");
  writeFileSync(join(folder, "samples", "own.png"), "own");
  symlinkSync(join(temporary.path, "secret.png"), join(folder, "samples", "link.png"));
  symlinkSync(temporary.path, join(folder, "out"));
  expect(await fileOfRun(run, join(folder, "samples", "own.png"))).toBe(join(folder, "samples", "own.png"));
  for (const path of ["samples/link.png", "out/secret.png", "samples/none.png", "../secret.png", "."]) {
    await expect(fileOfRun(run, join(folder, path)), path).rejects.toThrow("there is none of this name");
  }
});

test("without a name, the models that ship are there", async () => {
  const runs = await new Catalogue([]).list();
  expect(runs.map(({ run }) => run)).toContain("pretrained:emoji32");
});
