import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { UserError } from "../../errors.js";
import { checkOutput } from "../output/save-samples.js";
import { checkFilePlace, checkFolderPlace, freePath } from "./output-place.js";

const folder = mkdtempSync(join(tmpdir(), "strata-place-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (...names: string[]) => join(folder, ...names);
mkdirSync(at("there"));
mkdirSync(at("v1.2"));
writeFileSync(at("file.png"), "x");
writeFileSync(at("there", "note"), "x");
symlinkSync(at("nowhere"), at("dangling"));

test.each([
  [
    "a file where a folder is",
    () => checkFilePlace(at("there")),
    "expected a file, but a folder of that name is there",
  ],
  ["a file below a file", () => checkFilePlace(at("file.png", "x.png")), "file.png is a file, not a folder"],
  ["a folder where a file is", () => checkFolderPlace(at("file.png")), "file.png is a file, not a folder"],
  ["a folder far below a file", () => checkFolderPlace(at("file.png", "a", "b")), "file.png is a file, not a folder"],
  ["nothing", () => checkFilePlace(""), "--out: expected the path of a file, got nothing"],
  ["a diagram below a file", () => checkFilePlace(at("file.png", "x"), "--diagram"), "--diagram "],
])("%s is refused", (_, check, message) => {
  expect(check).toThrow(UserError);
  expect(check).toThrow(message);
});

test("places that are not there yet are fine, and nothing is made by looking", () => {
  checkFilePlace(at("new", "deep", "x.png"));
  checkFolderPlace(at("new", "deep"));
  checkFilePlace(at("file.png"));
  expect(readdirSync(folder)).not.toContain("new");
});

test("the first free name keeps its ending", () => {
  expect(freePath(at("other.png"))).toBe(at("other.png"));
  expect(freePath(at("file.png"))).toBe(at("file-2.png"));
  expect(freePath(at("there"))).toBe(at("there-2"));
});

test("what is there already is told before samples are drawn", () => {
  expect(checkOutput(at("new.png"))).toEqual([]);
  expect(checkOutput(at("file.png"))[0]).toContain("it will be replaced");
  expect(checkOutput(at("there"))[0]).toContain("is not empty");
  expect(checkOutput(at("v1.2"))).toEqual([]); // a folder that is there, whatever its name
  expect(() => checkOutput(at("new.v2"))).toThrow("got .v2");
});
