import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { tinyModel } from "../../../test/support/tiny.js";
import { UserError } from "../../errors.js";
import { digestOfModel } from "../../quality/results.js";
import {
  type Calibration,
  calibrationFolder,
  calibrationOf,
  guidanceWords,
  readCalibration,
  samplerOptionsOf,
  temperatureWords,
  writeCalibration,
} from "./settings.js";

const folder = mkdtempSync(join(tmpdir(), "settings-"));
afterAll(() => rmSync(folder, { recursive: true }));

const model = tinyModel();
const sampling = {
  temperature: [
    { resolution: 4, temperature: 0.9 },
    { resolution: 8, temperature: 0.5 },
  ],
  guidance: [{ resolution: 8, mean: 2, variance: 0.5 }],
};
const calibration: Calibration = {
  sampling,
  weights: { digest: digestOfModel(model), step: 0 },
  found: {
    ...{ date: "2026-11-30T12:00:00.000Z", version: "0.1.0", data: "discs", features: "colours 1" },
    ...{ images: { search: 20, check: 30 }, samples: { search: [4, 8], check: 16 }, seeds: { search: 0, check: 1 } },
    ...{ candidates: 9, isComplete: true, best: sampling },
    check: {
      metric: "energy distance (colours)",
      distance: { unadjusted: 0.5, calibrated: 0.25 },
      difference: -0.25,
      standardError: 0.01,
    },
  },
};

test("settings are read as they were written, for the weights that they were found for", async () => {
  expect(await readCalibration(folder)).toBeUndefined();
  await writeCalibration(folder, calibration);
  expect(await calibrationOf("runs/a", model, { folder })).toEqual(calibration);
  expect(calibrationFolder("runs/a")).toBe(join("runs", "a", "calibration"));
  expect(calibrationFolder("runs/a/checkpoints/step-4")).toBe(join("runs", "a", "calibration"));
});

test("for other weights they are refused, saying how to sample like that all the same", async () => {
  await writeCalibration(folder, calibration);
  const error = await calibrationOf("runs/a", { ...tinyModel({}, 2), step: 40 }, { folder }).catch(
    (failure) => failure,
  );
  expect(error).toBeInstanceOf(UserError);
  expect(error.code).toBe("mismatch");
  expect(error.message).toBe(
    `Expected sampling settings for these weights, of step 40, got those for other weights, of step 0, in ${join(folder, "settings.json")}. ` +
      "Calibrate again, or give temperature and guidance yourself.",
  );
  expect(error.details).toEqual({
    calibrated: "runs/a",
    refined: false,
    temperature: ["4:0.9", "8:0.5"],
    guidance: ["8:2,0.5"],
  });
});

test("where there are none, or the file holds something else, that is said", async () => {
  const none = join(folder, "none");
  await expect(calibrationOf("runs/a", model, { folder: none })).rejects.toThrow(
    `in ${join(none, "settings.json")}, found none. Calibrate the run first.`,
  );
  await writeCalibration(folder, calibration);
  writeFileSync(join(folder, "settings.json"), JSON.stringify({ format: 2, ...calibration }));
  await expect(calibrationOf("runs/a", model, { folder })).rejects.toThrow(/it holds something else:\n.*expected 1/);
  writeFileSync(join(folder, "settings.json"), "{");
  await expect(readCalibration(folder)).rejects.toThrow("Calibrate again");
});

test("settings as options of a sampler and as words; plain sampling is none of either", () => {
  expect(samplerOptionsOf(sampling)).toEqual(sampling);
  expect([temperatureWords(sampling), guidanceWords(sampling)]).toEqual([["4:0.9", "8:0.5"], ["8:2,0.5"]]);
  const plain = { temperature: [], guidance: [] };
  expect([samplerOptionsOf(plain), temperatureWords(plain), guidanceWords(plain)]).toEqual([{}, [], []]);
});
