/** @file Guidance and the cascade by the command line, on the golden models. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, expect, test } from "vitest";
import { readNpz } from "../../src/io/numpy/npz.js";
import { initialise, modelParameters } from "../../src/model/index.js";
import { outputChannels } from "../../src/objective/output-layers.js";
import { saveModel } from "../../src/training/run/save-model.js";
import { discs, sharedStrata, temporaryFolder } from "../support/command-line.js";
import { fixture } from "../support/fixtures.js";
import { tinyConfig } from "../support/tiny.js";

const folder = temporaryFolder();
const at = (...names: string[]) => join(folder, ...names);
const weights = (name: string) => join("test", "fixtures", name, "weights.pt");
const noise = join("test", "fixtures", "cond16", "sample.safetensors");
const { classes } = fixture("superres16").config.model;

/** Runs a command that must succeed, and gives its result. */
async function done(...words: string[]) {
  const { code, stdout, stderr } = await sharedStrata(...words, "--json");
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

beforeAll(async () => {
  for (const name of ["cond16", "superres16"] as const) {
    writeFileSync(at(`${name}.json`), JSON.stringify(fixture(name).config));
    await done("import", weights(name), "--config", at(`${name}.json`), "--out", at(name));
  }
  const config = tinyConfig({ model: { classes } });
  const names = Array.from({ length: classes }, (_, index) => `class ${index}`);
  const data = { name: "discs", count: 0, classes: names, classCounts: names.map(() => 0) };
  const parameters = initialise(modelParameters(config.model, outputChannels(config.objective)), 1);
  await saveModel(at("base"), { config, data }, { ema: parameters });
});

/** Samples of a run as bytes, [N, R, R, 3], and what was reported. */
async function sample(run: string, ...words: string[]) {
  const out = at("samples.npz");
  const result = await done("sample", "--run", at(run), "--out", out, ...words);
  const pixels = readNpz(readFileSync(out)).get("arr_0")!;
  return { bytes: [...(pixels.data as Uint8Array)], shape: pixels.shape, result };
}

/** A golden sample of cond16 as bytes, [N, R, R, 3]. */
function golden(name: string): number[] {
  const { data, shape } = fixture("cond16").sample(name);
  const [count, channels, side] = shape;
  const plane = side ** 2;
  return Array.from({ length: data.length }, (_, i) => {
    const [image, pixel, channel] = [
      Math.floor(i / (plane * channels)),
      Math.floor(i / channels) % plane,
      i % channels,
    ];
    if (image >= count) throw new RangeError("beyond the last image");
    const value = Number(data[(image * channels + channel) * plane + pixel]);
    return Math.round(Math.min(Math.max((value + 1) * 127.5, 0), 255));
  });
}

test.each([
  ["out.unguided", []],
  ["out.m1.5_v5", ["--guidance", "1.5,5"]],
  ["out.null_label", ["--label", "none"]],
])("from the stored noise comes the golden sample %s", async (name, words) => {
  const { bytes } = await sample("cond16", "--noise", noise, ...words);
  const wrong = golden(name).filter((byte, i) => byte !== bytes[i]);
  // where a value lies between two bytes, rounding may go either way
  expect(wrong.length / bytes.length).toBeLessThan(0.002);
  expect(Math.max(...golden(name).map((byte, i) => Math.abs(byte - bytes[i])))).toBeLessThanOrEqual(1);
});

test("noise that does not fit is refused", async () => {
  const refused = await sharedStrata("sample", "--run", at("base"), "--noise", noise, "--out", at("x.png"));
  expect(refused.code).toBe(2);
  expect(refused.stderr).toMatch(/--noise .*: expected the tensor eps\.\d, float32 \[3, 4, \d, \d\], got/);
});

test("a grid of weights shows one picture, at zero the plain one", async () => {
  const grid = await sample("cond16", "--label", "1", "--seed", "4", "--guidance-grid", "0,2", "0,1,5");
  const plain = await sample("cond16", "--label", "1", "--seed", "4", "--count", "1");
  const guided = await sample("cond16", "--label", "1", "--seed", "4", "--count", "1", "--guidance", "2,5");
  const size = 16 * 16 * 3;
  expect(grid.shape).toEqual([6, 16, 16, 3]);
  expect(grid.bytes.slice(0, size)).toEqual(plain.bytes);
  expect(grid.bytes.slice(5 * size)).toEqual(guided.bytes);
  expect(guided.bytes).not.toEqual(plain.bytes);
  const refused = await sharedStrata(
    "sample",
    "--run",
    at("cond16"),
    "--count",
    "2",
    "--guidance-grid",
    "0",
    "1",
    "--out",
    "x.png",
  );
  expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining("--guidance-grid shows one picture")]);
});

test("of all classes there is a row each", async () => {
  await done("sample", "--run", at("base"), "--label", "all", "--count", String(2 * classes), "--out", at("all.png"));
  const { width, height } = await sharp(at("all.png")).metadata();
  expect(height).toBe(2 + classes * 66);
  expect(width).toBeGreaterThan(2 + 2 * 66); // names in the margin
});

test("the product rule has one weight, and says where it does not exist", async () => {
  const words = ["--count", "2", "--guidance-rule", "product"];
  const { result } = await sample("cond16", ...words, "--guidance", "3");
  expect(result.invalidShare).toBeGreaterThan(0);
  expect(result.invalidShare).toBeLessThan(1);
  const refused = await sharedStrata(
    "sample",
    "--run",
    at("cond16"),
    ...words,
    "--guidance",
    "1,2",
    "--out",
    at("x.npz"),
  );
  expect([refused.code, refused.stderr]).toEqual([
    2,
    expect.stringContaining("expected one weight for mean and variance"),
  ]);
});

test("a cascade draws what its second model can, guided in either", async () => {
  const cascade = ["--superres", at("superres16"), "--count", "3", "--seed", "2"];
  const plain = await sample("base", ...cascade);
  expect(plain.shape).toEqual([3, 16, 16, 3]);
  const guided = await sample("base", ...cascade, "--superres-guidance", "2,1");
  expect(guided.bytes).not.toEqual(plain.bytes);
  expect((await sample("base", ...cascade, "--guidance", "2,1")).bytes).not.toEqual(plain.bytes);
  const cooled = await sample("base", ...cascade, "--superres-temperature", "0");
  expect(cooled.bytes).not.toEqual(plain.bytes);
  expect((await sample("base", ...cascade, "--temperature", "1", "--superres-temperature", "16:0")).bytes).not.toEqual(
    cooled.bytes,
  );
});

test("what makes no cascade is refused", async () => {
  const refusal = async (...words: string[]) => {
    const { code, stderr } = await sharedStrata("sample", "--count", "1", "--out", at("x.png"), ...words);
    expect(code, stderr).toBe(2);
    return stderr;
  };
  const enlarger = at("superres16");
  expect(await refusal("--run", enlarger)).toContain("this is a super-resolution model");
  expect(await refusal("--run", at("cond16"), "--superres", enlarger)).toContain(
    "expected a base model that draws 8×8",
  );
  expect(await refusal("--run", at("base"), "--superres", at("cond16"))).toContain(
    "to enlarge with, got one that draws",
  );
  expect(await refusal("--run", at("base"), "--superres-guidance", "1", "--device", "xla:/nowhere")).toContain(
    "expected --superres RUN with it",
  );
  expect(await refusal("--run", at("base"), "--superres-temperature", "1")).toContain(
    "--superres-temperature: expected --superres RUN with it",
  );
});

test("a super-resolution model is not trained on images that would have to be enlarged", async () => {
  await discs(at("small"), ["red", "blue"], 4);
  const out = at("never");
  const words = ["--config", at("superres16.json"), "--data", at("small"), "--out", out, "--steps", "1"];
  const { code, stderr } = await sharedStrata("train", ...words);
  expect(code).toBe(2);
  expect(stderr).toMatch(/none of its 8 files is one:\n.*expected at least 16 pixels on each side, got 12×12/);
});
