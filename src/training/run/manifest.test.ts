import { expect, test } from "vitest";
import { resolvePreset } from "../../config/index.js";
import { FRESH } from "./counters.js";
import { bindingSettings, brokenSeal, checkBelongs, sealed } from "./manifest.js";
import { NOTHING_GATHERED } from "./meter.js";

const config = resolvePreset("emoji32-small");
const manifest = sealed({
  ...FRESH,
  step: 10,
  images: 160,
  updates: 10,
  meter: NOTHING_GATHERED,
  trainImages: 3000,
  trainDigest: "ab",
  settings: bindingSettings(config),
  files: {},
});

const data = { count: 3000, digest: "ab" };

test("a checkpoint belongs to its own configuration, read back from JSON", () => {
  checkBelongs(JSON.parse(JSON.stringify(manifest)), structuredClone(config), data, "run/checkpoints/step-10");
});

test("a checkpoint from before optimizers could be chosen is one of Adamax", () => {
  expect(manifest.settings).not.toHaveProperty(["optimizer.kind"]);
  const other = structuredClone(config);
  other.optimizer.kind = "adam";
  expect(() => checkBelongs(manifest, other, data, "here")).toThrow(
    'optimizer.kind: the checkpoint has nothing, the configuration "adam"',
  );
});

test("settings that change no weight may differ", () => {
  const other = structuredClone(config);
  Object.assign(other.training, {
    steps: 9,
    microBatchSize: 4,
    checkpointEvery: 1,
    keepCheckpoints: 9,
    sampleEvery: 7,
    keepEvery: 5,
    maxConsecutiveSkips: 2,
  });
  other.optimizer.skipThreshold = 1e4;
  checkBelongs(manifest, other, data, "run/checkpoints/step-10");
});

test("every setting that differs is named with both values", () => {
  const other = structuredClone(config);
  other.optimizer.maxLearningRate = 0.5;
  other.objective.informationSchedule = false;
  const check = () => checkBelongs(manifest, other, data, "run/checkpoints/step-10");
  expect(check).toThrow("run/checkpoints/step-10 was made with other settings");
  expect(check).toThrow(
    `optimizer.maxLearningRate: the checkpoint has ${config.optimizer.maxLearningRate}, the configuration 0.5`,
  );
  expect(check).toThrow("objective.informationSchedule: the checkpoint has nothing, the configuration false");
});

test("another training set is refused", () => {
  expect(() => checkBelongs(manifest, config, { count: 2999, digest: "cd" }, "run/checkpoints/step-10")).toThrow(
    "Expected the training set that run/checkpoints/step-10 was made with (3000 images), got one of 2999 images.",
  );
});

test("a manifest knows its own hash and that of its settings, whatever the order of keys", () => {
  expect(brokenSeal(JSON.parse(JSON.stringify(manifest)))).toBeUndefined();
  const { files, ...rest } = manifest;
  expect(brokenSeal({ files, ...rest })).toBeUndefined();
  expect(brokenSeal({ ...manifest, updates: 11 })).toMatch(/^it should have the SHA-256 [0-9a-f]{64} that it names/);
  const other = sealed({ ...manifest, settings: { ...manifest.settings, "training.seed": 9 } });
  expect(other.settingsSha256).not.toBe(manifest.settingsSha256);
  expect(sealed({ ...manifest, step: 11 }).settingsSha256).toBe(manifest.settingsSha256);
});

test("another training set of as many images is refused", () => {
  expect(() => checkBelongs(manifest, config, { count: 3000, digest: "cd" }, "run/checkpoints/step-10")).toThrow(
    "was made with (3000 images), got as many others. Give the same data",
  );
});
