import { expect, test } from "vitest";
import { UserError } from "../errors.js";
import { applySettings, nearest, resolvePreset, suggestion } from "./index.js";

const config = resolvePreset("emoji32-small");

test("settings replace single values, by path", () => {
  const changed = applySettings(config, [
    "training.batchSize=32",
    "training.microBatchSize=8",
    "optimizer.maxLearningRate=3e-4",
    "objective.output=logistic-mixture",
    "model.levels.16.channels=48",
    "training.batchSize=64",
  ]);
  expect(changed.training).toEqual({ ...config.training, batchSize: 64, microBatchSize: 8 });
  expect(changed.optimizer.maxLearningRate).toBe(3e-4);
  expect(changed.objective.output).toBe("logistic-mixture");
  expect(changed.model.levels.map(({ channels }) => channels)).toEqual(
    config.model.levels.map(({ resolution, channels }) => (resolution === 16 ? 48 : channels)),
  );
  expect(config.training.batchSize).toBe(16); // the original stays as it was
});

test("the information schedule is switched off, on, and its parameters set", () => {
  const schedule = (settings: string[], preset = config) =>
    applySettings(preset, settings).objective.informationSchedule;
  expect(schedule(["objective.informationSchedule=off"])).toBe(false);
  expect(schedule(["objective.informationSchedule.scale=50"])).toEqual({ shares: "geometric", scale: 50, shift: 10 });
  const superres = resolvePreset("imagenet64-superres");
  expect(schedule(["objective.informationSchedule=on"], superres)).toEqual(superres.objective.informationSchedule);
  expect(schedule(["objective.informationSchedule=off", "objective.informationSchedule=on"])).toEqual(
    config.objective.informationSchedule,
  );
});

test.each([
  ["training.batchsize=32", 'Unknown setting training.batchsize: training has no "batchsize"; did you mean batchSize'],
  ["batchSize=32", 'a configuration has no "batchSize"; did you mean training.batchSize?'],
  ["training.maxlearningrate=1", 'training has no "maxlearningrate"; did you mean optimizer.maxLearningRate?'],
  ["trainin.batchSize=32", 'a configuration has no "trainin"; did you mean training'],
  ["model.levels.2.channels=32", 'model.levels has no "2"; did you mean'],
  ["training.seed.x=1", 'training.seed has no "x"; it has no fields of its own.'],
  ["training.batchSize", "Expected a setting of the form path=value"],
  ["training.batchSize=-1", "training.batchSize"],
  ["training.batchSize=many", "expected number"],
  ["training.emaDecay=2", "the settings training.emaDecay=2"],
])("%s: the message says what is wrong", (setting, message) => {
  expect(() => applySettings(config, [setting])).toThrow(UserError);
  expect(() => applySettings(config, [setting])).toThrow(message);
});

test("a word is suggested where it is like the one typed", () => {
  expect(suggestion("fidd", ["fid", "kid"])).toBe(": did you mean fid?");
  expect(suggestion("nowhere", ["fid", "kid"])).toBe(".");
  expect(suggestion("x", [])).toBe(".");
});

test("nearest words first", () => {
  expect(nearest("chanels", ["resolution", "channels", "attention"], 1)).toEqual(["channels"]);
});
