/** @file Playing with the hierarchy by the command line: paths between pictures, variations, temperature per resolution. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, expect, test } from "vitest";
import { discs, sharedStrata, temporaryFolder, tiny } from "../support/command-line.js";

const folder = temporaryFolder();
const data = join(folder, "discs");
const run = join(folder, "run");
const conditional = join(folder, "conditional");
const [red, blue] = [join(data, "red", "0.png"), join(data, "blue", "3.png")];

beforeAll(async () => {
  await discs(data, ["red", "blue"], 12);
  writeFileSync(join(folder, "note.png"), "this is no picture");
  for (const [out, ...more] of [[run], [conditional, "--set", "model.classes=2"]]) {
    const { code, stderr } = await sharedStrata(
      "train",
      ...tiny,
      "--data",
      data,
      "--out",
      out,
      "--steps",
      "2",
      ...more,
    );
    expect(code, stderr).toBe(0);
  }
});

const sample = (out: string, count: number, ...words: string[]) =>
  sharedStrata("sample", "--run", run, "--seed", "5", "--count", String(count), "--out", join(folder, out), ...words);

/** The pictures that a command writes into a folder, as PNG files. */
async function pictures(count: number, ...words: string[]): Promise<Buffer[]> {
  const name = `pictures-${readdirSync(folder).length}`;
  const { code, stderr } = await sample(`${name}/`, count, ...words);
  expect(code, stderr).toBe(0);
  const files = readdirSync(join(folder, name)).sort();
  return files.map((file) => readFileSync(join(folder, name, file)));
}

test("a path goes from one sample to another, and with the first groups alone part of the way", async () => {
  const samples = await pictures(4);
  const path = await pictures(3, "--interpolate", "1", "3");
  expect(path).toHaveLength(3);
  expect([path[0], path[2]]).toEqual([samples[1], samples[3]]);
  expect(samples).not.toContainEqual(path[1]);
  const rows = await pictures(3, "--interpolate", "1", "3", "--groups", "0", "1", "2");
  expect(rows.slice(0, 3)).toEqual([samples[1], samples[1], samples[1]]);
  expect(rows[3]).toEqual(samples[1]);
  expect(rows[5]).not.toEqual(samples[3]);
  expect(rows.slice(6)).toEqual(path);
});

test("a path between images, a row for each pair", async () => {
  const out = join(folder, "path.png");
  const { code, stdout, stderr } = await sample("path.png", 4, "--interpolate", red, blue, blue, "7", "--json");
  expect(code, stderr).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ out, count: 8 });
  const { width, height } = await sharp(out).metadata();
  expect(width! / height!).toBeCloseTo(2, 1);
});

test("variations keep the first groups: the picture itself comes first", async () => {
  const [, , original] = await pictures(3);
  const varied = await pictures(3, "--vary", "2", "--groups", "1", "2");
  expect(varied).toHaveLength(6);
  expect([varied[0], ...varied.slice(3)]).toEqual([original, original, original, original]);
  expect(varied[1]).not.toEqual(varied[2]);
  const cold = await pictures(3, "--vary", red, "--groups", "1", "--temperature", "0");
  expect(cold[1]).toEqual(cold[2]);
  expect(cold[0]).not.toEqual(cold[1]);
});

test("temperature per resolution", async () => {
  const cold = await pictures(2, "--temperature", "0");
  expect(await pictures(2, "--temperature", "4:0", "8:0")).toEqual(cold);
  const fine = await pictures(2, "--temperature", "8:0");
  expect(fine).not.toEqual(cold);
  expect(fine).not.toEqual(await pictures(2));
});

test("a model with classes encodes an image with its class, and follows the label", async () => {
  const at = (out: string, ...words: string[]) => sample(out, 3, "--run", conditional, ...words);
  const { code, stderr } = await at("labels.npz", "--interpolate", red, "2", "--label", "red");
  expect(code, stderr).toBe(0);
  expect((await at("drawn.npz", "--interpolate", "0", "1")).code).toBe(0);
  for (const words of [[], ["--label", "none"], ["--label", "all"]]) {
    const refused = await at("refused.png", "--vary", red, "--groups", "1", ...words);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("expected --label NAME with an image");
  }
});

test.each([
  { name: "both at once", words: ["--interpolate", "1", "2", "--vary", "1"], message: "cannot be used with option" },
  { name: "an odd number of ends", words: ["--interpolate", "1", "2", "3"], message: "expected pairs A B, got 3" },
  { name: "a picture to vary and nothing to keep", words: ["--vary", "1"], message: "expected --groups K with it" },
  { name: "groups of nothing", words: ["--groups", "1"], message: "expected --interpolate A B or --vary A with it" },
  {
    name: "more groups than there are",
    words: ["--vary", "1", "--groups", "3"],
    message:
      "--groups 3: expected at most 2, as many as this model has; its resolutions end at K = 1 (4×4), K = 2 (8×8)",
  },
  { name: "groups that are no number", words: ["--vary", "1", "--groups", "few"], message: "whole number from 0 up" },
  {
    name: "a file that is not there",
    words: ["--vary", "no.png", "--groups", "1"],
    message: "no.png: there is nothing",
  },
  {
    name: "a file that is no image",
    words: ["--interpolate", join(folder, "note.png"), "1"],
    message: "note.png: expected JPEG, PNG, WebP, GIF, AVIF or TIFF, got text",
  },
  { name: "a sample far out", words: ["--interpolate", "1", "4000000"], message: "expected a number below 1000000" },
  { name: "a resolution without groups", words: ["--temperature", "16:1"], message: "a resolution among 4, 8, got 16" },
  { name: "no number for a temperature", words: ["--temperature", "8:warm"], message: "expected T such as 0.7" },
])("$name: one message, exit code 2", async ({ words, message }) => {
  const { code, stdout, stderr } = await sample("refused.png", 2, ...words);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain(message);
  expect(stderr).not.toMatch(/^\s+at /m);
});

test("one picture is no row", async () => {
  const { code, stderr } = await sample("refused.png", 1, "--interpolate", "1", "2");
  expect(code).toBe(2);
  expect(stderr).toContain("--count 1: expected at least 2 pictures a row");
});
