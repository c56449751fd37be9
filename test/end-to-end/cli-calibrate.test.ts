/** @file Calibration by the command line: found, shown, used like settings given by hand, refused for other weights. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { initialise, modelParameters } from "../../src/model/index.js";
import { outputChannels } from "../../src/objective/output-layers.js";
import { saveModel } from "../../src/training/run/save-model.js";
import { discs, sharedStrata, temporaryFolder } from "../support/command-line.js";
import { tinyConfig } from "../support/tiny.js";

const folder = temporaryFolder();
const at = (...names: string[]) => join(folder, ...names);

/** A model of 8×8 images with random weights. */
async function save(name: string, seed: number) {
  const config = tinyConfig({ model: { classes: 2 } });
  const data = { name: "discs", count: 2, classes: ["red", "blue"], classCounts: [1, 1] };
  const parameters = initialise(modelParameters(config.model, outputChannels(config.objective)), seed);
  await saveModel(at(name), { config, data }, { ema: parameters });
}

const calibration = (...words: string[]) => [
  ...["calibrate", at("run"), "--data", at("discs"), "--features", "pixels", "--count", "16"],
  ...["--temperatures", "0.5,1", "--mean", "0", "--variance", "0", ...words],
];

beforeAll(async () => {
  await discs(at("discs", "train"), ["red", "blue"], 4);
  await discs(at("discs", "validation"), ["red", "blue"], 8);
  await discs(at("discs", "test"), ["red", "blue"], 9);
  await save("run", 1);
  await save("other", 2);
});

const settings = at("run", "calibration", "settings.json");

test("a run is calibrated; sample and evaluate use what was found as if it had been given by hand", async () => {
  const { code, stdout, stderr } = await sharedStrata(...calibration());
  expect(code, stderr).toBe(0);
  expect(stdout).toContain("up to 16 samples of seed 0 each, 16 held-out images");
  expect(stdout).toContain("32 samples of seed 1, 18 other held-out images");
  expect(readdirSync(at("run", "calibration")).sort()).toEqual([
    ...["calibrated.png", "candidates.jsonl", "settings.json", "unadjusted.png"],
  ]);
  const found = JSON.parse(readFileSync(settings, "utf8"));
  found.sampling = {
    temperature: [{ resolution: 4, temperature: 0.5 }],
    guidance: [{ resolution: 8, mean: 1, variance: 0 }],
  };
  writeFileSync(settings, JSON.stringify(found)); // whatever was found: now something that changes samples
  const draw = async (name: string, ...words: string[]) => {
    const run = ["--run", at("run"), "--count", "4", "--out", at(name)];
    const result = await sharedStrata("sample", ...run, ...words);
    expect(result.code, result.stderr).toBe(0);
    return { ...result, bytes: readFileSync(at(name)) };
  };
  const plain = await draw("plain.png");
  const byHand = await draw("by-hand.png", "--temperature", "4:0.5", "--guidance", "8:1,0");
  const calibrated = await draw("calibrated.png", "--calibrated");
  expect(calibrated.bytes).toEqual(byHand.bytes);
  expect(calibrated.bytes).not.toEqual(plain.bytes);
  expect(calibrated.stderr).toContain("Calibrated: --temperature 4:0.5 --guidance 8:1,0");
  expect(calibrated.stdout).toContain("4 calibrated images");
  expect(plain.stdout).toContain("4 images");

  const words = ["--data", at("discs"), "--features", "pixels", "--metrics", "kid", "--count", "8"];
  const evaluation = ["evaluate", "--run", at("run"), ...words, "--out", at("evaluation"), "--calibrated"];
  const evaluated = await sharedStrata(...evaluation);
  expect(evaluated.stdout, evaluated.stderr).toContain(
    "drawn with --temperature 4:0.5 --guidance 8:1,0, by calibration",
  );
  const json = JSON.parse(readFileSync(at("evaluation", "metrics.json"), "utf8"));
  expect(json).toMatchObject({ calibrated: true, temperature: ["4:0.5"], guidance: ["8:1,0"] });

  const inspected = await sharedStrata("inspect", at("run"));
  expect(inspected.stdout).toContain("calibrated   at step 0, --temperature 4:0.5 --guidance 8:1,0");
});

test("settings of other weights are refused, with the options that use them all the same", async () => {
  const sample = ["sample", "--run", at("other"), "--count", "2", "--out", at("never.png")];
  const none = await sharedStrata(...sample, "--calibrated");
  expect([none.code, none.stderr]).toEqual([2, expect.stringContaining("found none. Find some: strata calibrate")]);
  const other = await sharedStrata(...sample, "--calibrated", at("run", "calibration"));
  expect(other.code).toBe(2);
  expect(other.stderr).toContain("or sample with --temperature 4:0.5 --guidance 8:1,0.");
  expect(existsSync(at("never.png"))).toBe(false);
});

test.each([
  ["settings twice", ["sample", "--run", at("run"), "--calibrated", "--temperature", "0.7"], "since it sets them"],
  ["a grid", ["sample", "--run", at("run"), "--guidance-grid", "0,1", "0", "--calibrated"], "--guidance-grid"],
  [
    "samples of others",
    ["evaluate", "--samples", at("x"), "--data", "emoji", "--calibrated", "--out", at("x")],
    "--run",
  ],
  ["no number", calibration("--mean", "0,x"), "--mean 0,x: expected weights separated by commas"],
  ["a negative temperature", calibration("--temperatures", "1,-1"), "temperatures of 0 or more, got -1"],
  ["too few samples", calibration("--count", "2"), "whole number from 16"],
])("%s is refused in one message", async (_, words, message) => {
  const { code, stderr } = await sharedStrata(...words);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});
