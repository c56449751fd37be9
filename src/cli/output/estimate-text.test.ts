import { expect, test } from "vitest";
import { resolvePreset } from "../../config/index.js";
import { summariseModel } from "../../training/cost/model-summary.js";
import { estimateText } from "./estimate-text.js";

const config = resolvePreset("emoji32-small");
const model = summariseModel(config);
const estimate = { model, gigaflops: 134.56, imagesPerSecond: 133.7, secondsForAllSteps: 48_000 / 133.7 };
const line = (name: string, text: string) => text.split("\n").find((row) => row.startsWith(`${name} `));

test("a summary in plain numbers", () => {
  const text = estimateText(estimate, config, {});
  expect(text).toMatch(/^preset +emoji32-small\nparameters /);
  expect(line("images", text)).toContain("not looked at: --data names them");
  expect(line("rate", text)).toContain("about 130 images/s");
  expect(line("this machine", text)).toContain("130 GFLOP/s");
  expect(line("time", text)).toContain("about 5 min 59 s for 3,000 steps of 16 images");
  expect(text).not.toMatch(/\de[+-]\d/);
});

test("memory of a device is what its compiler says", () => {
  const memory = (devices: number, available?: number) =>
    line("memory", estimateText({ ...estimate, deviceMemory: { devices, bytes: 3 * 2 ** 30, available } }, config, {}));
  expect(memory(1)).toMatch(/memory +3\.0 GiB on the device, as compiled, to train with a micro-batch of \d+;/);
  expect(memory(2, 2 ** 37)).toMatch(/memory +3\.0 GiB of 128 GiB on each of 2 devices, as compiled, to train/);
});

test("the time is that until the first limit", () => {
  expect(line("time", estimateText(estimate, config, { steps: 500 }))).toContain("about 1 min 0 s for 500 steps");
  expect(line("time", estimateText(estimate, config, { minutes: 2 }))).toContain(
    "2 min 0 s: about 1,000 of 3,000 steps",
  );
  expect(line("time", estimateText(estimate, config, { minutes: 60 }))).toContain("about 5 min 59 s for 3,000 steps");
});

test("images are counted, and classes that do not fit are told", () => {
  const data = {
    source: "pets",
    description: "images in folders",
    classes: ["cat", "dog"],
    train: 90,
    validation: 5,
    test: 5,
  };
  const counted = "pets (images in folders): 90 to train on, 5 held out, 5 for testing; 2 classes";
  expect(line("images", estimateText({ ...estimate, data }, config, {}))).toMatch(
    new RegExp(`${counted.replace(/[()]/g, "\\$&")}$`),
  );
  const conditional = { ...config, model: { ...config.model, classes: 9 } };
  expect(line("images", estimateText({ ...estimate, data }, conditional, {}))).toContain("set model.classes=2");
});
