import { expect, test } from "vitest";
import { UserError } from "../errors.js";
import { applySettings, defineConfig, presets, resolvePreset } from "./index.js";

const small = presets["emoji32-small"];

test("a preset with a few settings changed is what --set makes of it", () => {
  const config = defineConfig({
    preset: "emoji32-small",
    training: { batchSize: 8, microBatchSize: "auto" },
    model: { levels: [{ resolution: 16, channels: 48 }] },
    objective: { informationSchedule: { scale: 50 } },
  });
  expect(config).toEqual(
    applySettings(resolvePreset("emoji32-small"), [
      "training.batchSize=8",
      "model.levels.16.channels=48",
      "objective.informationSchedule.scale=50",
    ]),
  );
  expect(defineConfig({ preset: "cifar10" })).toEqual(presets.cifar10);
});

test("a configuration of its own needs no preset", () => {
  const { preset: _, ...rest } = small;
  expect(defineConfig(rest)).toEqual({ ...small, preset: "custom" });
});

test("what is out of range is refused when it runs", () => {
  expect(() => defineConfig({ preset: "cifar10", training: { batchSize: 0 } })).toThrow(UserError);
  expect(() => defineConfig({ preset: "cifar10", training: { batchSize: 0 } })).toThrow(
    "The configuration is not valid",
  );
});

test("misspelt presets, keys and values do not compile", () => {
  const wrong: (() => unknown)[] = [
    // @ts-expect-error: a misspelt preset
    () => defineConfig({ preset: "cifar-10" }),
    // @ts-expect-error: a misspelt section
    () => defineConfig({ preset: "cifar10", trainin: { batchSize: 8 } }),
    // @ts-expect-error: a misspelt key
    () => defineConfig({ preset: "cifar10", training: { batchsize: 8 } }),
    // @ts-expect-error: a key of another section
    () => defineConfig({ preset: "cifar10", model: { sigma: 0.1 } }),
    // @ts-expect-error: a misspelt key of a level
    () => defineConfig({ preset: "cifar10", model: { levels: [{ resolution: 16, chanels: 8 }] } }),
    // @ts-expect-error: a misspelt key of a schedule
    () => defineConfig({ preset: "cifar10", objective: { informationSchedule: { scal: 3 } } }),
    // @ts-expect-error: a misspelt kind of schedule
    () => defineConfig({ preset: "cifar10", objective: { informationSchedule: { shares: "geometrical" } } }),
    // @ts-expect-error: a misspelt value
    () => defineConfig({ preset: "cifar10", objective: { output: "gausian" } }),
    // @ts-expect-error: a value of another type
    () => defineConfig({ preset: "cifar10", training: { steps: "many" } }),
    // @ts-expect-error: neither a preset nor everything
    () => defineConfig({ training: { batchSize: 8 } }),
    // @ts-expect-error: a misspelt preset
    () => resolvePreset("cifar-10"),
  ];
  for (const call of wrong) expect(call).toThrow(UserError);
  // @ts-expect-error: a misspelt preset
  expect(presets["cifar-10"]).toBeUndefined();
});
