/** @file Measuring by the command line: models, samples of anybody, references, and what is refused. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { discs, sharedStrata, start, startWith, temporaryFolder, tiny } from "../support/command-line.js";
import { fixture } from "../support/fixtures.js";

const folder = temporaryFolder();
const at = (...names: string[]) => join(folder, ...names);
const data = at("discs");
const run = at("run");
const SAMPLES = ["--count", "20", "--seed", "3"];
const PIXELS = ["--features", "pixels"];

/** Runs a command that must succeed, and gives its result. */
async function done(...words: string[]) {
  const { code, stdout, stderr } = await sharedStrata(...words, "--json");
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
}

beforeAll(async () => {
  await discs(data, ["red", "blue", "green"], 40);
  const { code, stderr } = await sharedStrata("train", ...tiny, "--data", data, "--out", run);
  expect(code, stderr).toBe(0);
});

test("a model: every figure that pixels allow, on the screen and in the folder", async () => {
  const metrics = "fid,kid,precision,recall,nll,rate-distortion,information";
  const out = at("all");
  const { code, stdout, stderr } = await sharedStrata(
    ...["evaluate", "--run", run, "--data", data, "--metrics", metrics, "--importance", "3", "--out", out],
    ...[...SAMPLES, ...PIXELS],
  );
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/^Fréchet distance \(pixels\) +[\d.]+$/m);
  expect(stdout).not.toMatch(/^s?FID/m);
  expect(stdout).toContain("20 samples, 8-bit, rounded to the nearest level");
  expect(stdout).toContain("warning: with fewer than 10,000 samples");
  const json = JSON.parse(readFileSync(join(out, "metrics.json"), "utf8"));
  expect(Object.keys(json.quality)).toEqual(["fid", "kid", "precision", "recall"]);
  expect(json).toMatchObject({ run, step: 8, data, count: 20, seed: 3, samplesMeasured: 20, rounding: "nearest" });
  const { likelihood, rateDistortion, information } = json;
  expect(likelihood.bitsPerDim.mean).toBeCloseTo(
    likelihood.rateBitsPerDim.mean + likelihood.distortionBitsPerDim.mean,
    6,
  );
  expect(likelihood.importanceWeightedBitsPerDim.mean).toBeLessThan(likelihood.bitsPerDim.mean);
  expect(rateDistortion.points.length).toBeGreaterThan(5);
  expect(information.groups).toHaveLength(2);
  const pictures = ["samples", "rate-distortion", "information"].map((name) => `${name}.png`);
  expect(readdirSync(out)).toEqual(expect.arrayContaining(["metrics.json", "likelihood.csv", ...pictures]));
  const lines = readFileSync(join(out, "likelihood.csv"), "utf8").trim().split("\n");
  expect(lines[0]).toBe("image,nll,rate,distortion,importance_weighted");
  const mean = lines.slice(1).reduce((sum, line) => sum + Number(line.split(",")[1]), 0) / (lines.length - 1);
  expect(mean).toBeCloseTo(likelihood.bitsPerDim.mean, 4);
  const beside = ["--metrics", "rate-distortion", "--beside", out, "--out", at("beside")];
  await done("evaluate", "--run", run, "--data", data, "--count", "8", ...beside);
  const chart = readFileSync(at("beside", "rate-distortion.svg"), "utf8");
  for (const name of ["emoji32-small", "all"]) expect(chart).toContain(`>${name}</text>`);
});

test("samples from a file, and from a folder, measure as they did when they were drawn", async () => {
  const words = ["--data", data, "--metrics", "fid,precision,recall", ...PIXELS, "--out", at("same")];
  const { quality } = await done("evaluate", "--run", run, ...words, ...SAMPLES);
  for (const path of [at("samples.npz"), `${at("samples")}/`]) {
    await done("sample", "--run", run, "--out", path, ...SAMPLES);
    expect((await done("evaluate", "--samples", path, ...words)).quality).toEqual(quality);
  }
});

test("training images are found out as copies of themselves, beside images that were not trained on", async () => {
  const words = ["evaluate", "--samples", data, "--data", data, "--metrics", "fid", ...PIXELS, "--out", at("copies")];
  const { code, stdout, stderr } = await sharedStrata(...words, "--held-out");
  expect(code, stderr).toBe(0);
  expect(stdout).toMatch(/distance to the nearest training image +0\.00; of held-out images \d\S*/);
  expect(stdout).toMatch(/Fréchet distance \(pixels\) +\S+; of held-out images \d/);
  const { heldOut } = JSON.parse(readFileSync(join(at("copies"), "metrics.json"), "utf8"));
  expect(heldOut.copies.medianOfSamples).toBe(0);
  expect(heldOut.copies.medianOfHeldOut).toBeGreaterThan(0.1);
  expect(heldOut.quality.fid).toBeGreaterThan(0);
  expect(existsSync(join(at("copies"), "nearest.png"))).toBe(true);
  const without = await sharedStrata(...words.filter((word) => word !== "--data" && word !== data), "--held-out");
  expect([without.code, without.stderr]).toEqual([2, expect.stringContaining("Expected")]);
});

test("samples are no distance from a reference batch that holds them", async () => {
  const path = at("reference.npz");
  await done("sample", "--run", run, "--out", path, ...SAMPLES);
  const words = ["--metrics", "fid,precision,recall", ...PIXELS, "--out", at("reference")];
  const { quality, reference, rounding } = await done("evaluate", "--samples", path, "--reference", path, ...words);
  expect(Math.abs(quality.fid.value)).toBeLessThan(1e-6);
  expect([quality.precision.value, quality.recall.value]).toEqual([1, 1]);
  expect({ rounding, reference }).toMatchObject({ rounding: "as given", reference: { name: path, images: 20 } });
});

test("an imported model is measured like any other", async () => {
  const configuration = at("uncond16.json");
  writeFileSync(configuration, JSON.stringify(fixture("uncond16").config));
  const weights = join("test", "fixtures", "uncond16", "weights.pt");
  await done("import", weights, "--config", configuration, "--out", at("imported"));
  const words = ["--data", data, "--metrics", "fid,nll", "--count", "8", ...PIXELS, "--out", at("imported-figures")];
  const { quality, likelihood } = await done("evaluate", "--run", at("imported"), ...words);
  expect(quality.fid.value).toBeGreaterThan(0);
  expect(likelihood.bitsPerDim.mean).toBeGreaterThan(0);
});

test("Ctrl-C stops at once, and leaves no figures", async () => {
  const out = at("stopped");
  const { child, ended } = start(
    ...["evaluate", "--run", run, "--data", data, "--metrics", "fid", ...PIXELS, "--out", out, "--count", "1000000"],
  );
  let stderr = "";
  child.stderr!.on("data", (text: string) => {
    stderr += text;
    if (stderr.includes("samples and their features")) child.kill("SIGINT");
  });
  expect((await ended).code).toBe(130);
  expect(existsSync(join(out, "metrics.json"))).toBe(false);
});

test("without Inception's weights it says how to get them, and what can stand in for them", async () => {
  const words = ["evaluate", "--run", run, "--data", data, "--out", at("none"), ...SAMPLES];
  const { code, stderr } = await startWith({ STRATA_CACHE_DIR: at("empty-cache") }, ...words).ended;
  expect(code).toBe(2);
  expect(stderr).toContain("strata fetch inception");
  expect(stderr).toMatch(/--features pixels|--features classifier/);
});

test.each<[string, string[], string]>([
  ["neither", [], "Expected either --run RUN"],
  ["both", ["--run", run, "--samples", "x.npz"], "Expected either --run RUN"],
  ["no count", ["--run", run, "--data", data], "Expected --count N"],
  ["nothing to compare with", ["--run", run, "--count", "4"], "Expected --data SOURCE or --reference FILE.npz"],
  ["an unknown metric", ["--run", run, "--metrics", "fid,fud"], "got fud"],
  [
    "a model's metric of samples",
    ["--samples", "x.npz", "--data", data, "--metrics", "nll"],
    "--metrics nll: expected --run RUN",
  ],
  [
    "no evaluation beside",
    ["--run", run, "--data", data, "--metrics", "information", "--beside", folder],
    "metrics.json cannot be read",
  ],
  ["no such samples", ["--samples", at("nothing.npz"), "--data", data, ...PIXELS], "nothing.npz"],
  [
    "unknown features",
    ["--run", run, "--data", data, "--count", "4", "--features", "vgg"],
    "--features vgg: expected inception",
  ],
  [
    "sFID of pixels",
    ["--run", run, "--data", data, "--count", "4", "--metrics", "sfid", ...PIXELS],
    "--metrics sfid: pixels features have no",
  ],
])("%s is refused with one message", async (_, words, message) => {
  const { code, stdout, stderr } = await sharedStrata("evaluate", "--out", at("refused"), ...words);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toContain(message);
  expect(stderr).not.toMatch(/^\s+at /m);
});
