import { expect, test } from "vitest";
import { UserError } from "../errors.js";
import { overlayConfig, parseConfig, presets } from "./index.js";

const small = presets["emoji32-small"];
const read = (json: unknown, preset?: string) => overlayConfig(json, { source: "mine.json", preset });

test("a file with a few keys is the preset that it names with those changed, which are told", () => {
  const { config, preset, changed } = read({
    preset: "emoji32-small",
    training: { batchSize: 8 },
    optimizer: { maxLearningRate: 1e-3 },
  });
  expect(config).toEqual({
    ...small,
    training: { ...small.training, batchSize: 8 },
    optimizer: { ...small.optimizer, maxLearningRate: 1e-3 },
  });
  expect({ preset, changed }).toEqual({
    preset: "emoji32-small",
    changed: ["training.batchSize", "optimizer.maxLearningRate"],
  });
});

test("the name alone is the preset", () => {
  expect(parseConfig({ preset: "cifar10" }, { source: "mine.json" })).toEqual(presets.cifar10);
});

test("a configuration that is complete means itself, also where it leaves out what has a default", () => {
  const whole = { ...structuredClone(small), preset: "cifar10" };
  expect(read(whole)).toEqual({ config: whole, changed: [] });
  const { beta2: _, ...optimizer } = small.optimizer;
  expect(parseConfig({ ...whole, optimizer }).optimizer.beta2).toBe(0.999); // not that of a preset
});

test("a preset given beside the file comes before the one that the file names", () => {
  const file = { preset: "cifar10", training: { steps: 7 } };
  expect(read(file, "emoji32-small").config).toEqual({ ...small, training: { ...small.training, steps: 7 } });
});

test("levels are changed by their resolution, or replaced as a whole", () => {
  const levels = [{ resolution: 16, channels: 48 }];
  const { config, changed } = read({ preset: "emoji32-small", model: { levels } });
  expect(config.model.levels).toEqual(
    small.model.levels.map((level) => (level.resolution === 16 ? { ...level, channels: 48 } : level)),
  );
  expect(changed).toEqual(["model.levels.16.channels"]);
  const whole = [{ resolution: 32, channels: 8, encoderBlocks: 1, stochasticLayers: 1 }];
  expect(read({ preset: "emoji32-small", model: { levels: whole } }).config.model.levels).toMatchObject(whole);
  const unknown = { preset: "emoji32-small", model: { levels: [{ resolution: 5, channels: 48 }] } };
  expect(() => read(unknown)).toThrow("model.levels");
});

test.each([
  ["on", { shares: "geometric", scale: 1000, shift: 10 }],
  ["off", false],
  [{ scale: 50 }, { shares: "geometric", scale: 50, shift: 10 }],
])("of the information schedule, %j changes what it says", (written, expected) => {
  const { objective } = read({ preset: "cifar10", objective: { informationSchedule: written } }).config;
  expect(objective).toEqual({ ...presets.cifar10.objective, informationSchedule: expected });
});

test("a schedule of another kind replaces the preset's", () => {
  const weights = small.model.levels.map(({ resolution }) => ({ resolution, weight: 1 }));
  const given = { shares: "per-resolution", weights };
  const file = { preset: "emoji32-small", objective: { informationSchedule: given } };
  expect(read(file).config.objective.informationSchedule).toEqual(given);
});

test.each([
  [
    "an unknown key",
    { preset: "cifar10", training: { batchsize: 3 } },
    'Unknown key "batchsize": did you mean batchSize',
  ],
  [
    "a key of another branch",
    { preset: "cifar10", batchSize: 3 },
    'Unknown key "batchSize": did you mean training.batchSize?',
  ],
  ["a wrong type", { preset: "cifar10", training: { steps: "many" } }, "expected number, received string"],
  ["an unknown preset", { preset: "cifar-10" }, 'mine.json: Unknown preset "cifar-10": did you mean cifar10?'],
  ["a part that names no preset", { training: { steps: 3 } }, '"preset": "emoji32-small"'],
  [
    "a part of a configuration that started from none",
    { preset: "custom", training: {} },
    "The configuration in mine.json",
  ],
  ["no object", [1], "expected object, received array"],
  ["a key that objects have by nature", JSON.parse('{"preset": "cifar10", "__proto__": {}}'), "__proto__"],
])("%s is refused, saying where and what", (_, json, message) => {
  expect(() => read(json)).toThrow(UserError);
  expect(() => read(json)).toThrow("mine.json");
  expect(() => read(json)).toThrow(message);
});
