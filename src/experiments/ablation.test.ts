import { expect, test } from "vitest";
import { applySettings, resolvePreset } from "../config/index.js";
import { ablationRuns } from "./ablation.js";

const preset = resolvePreset("cifar10-small");

test("rows differ in their output and their schedule, and in nothing else", () => {
  const runs = ablationRuns(preset, "out", [3]);
  expect(runs.map(({ folder }) => folder)).toEqual([
    "out/baseline",
    "out/information-schedule",
    "out/gaussian-output",
    "out/both",
  ]);
  const varied = runs.map(({ config }) => [config.objective.output, Boolean(config.objective.informationSchedule)]);
  expect(varied).toEqual([
    ["logistic-mixture", false],
    ["logistic-mixture", true],
    ["gaussian", false],
    ["gaussian", true],
  ]);
  const common = runs.map(({ config: { objective, ...rest } }) => {
    const { output: _, informationSchedule: __, ...others } = objective;
    return { ...rest, objective: others };
  });
  for (const each of common) expect(each).toEqual(common[0]);
  expect(common[0].training).toEqual({ ...preset.training, seed: 3 });
});

test("the full method is the preset itself, with the parameters of its schedule", () => {
  expect(ablationRuns(preset, "out", [0])[3].config).toEqual(preset);
  const flat = applySettings(preset, ['objective.informationSchedule={"shares":"geometric","scale":10}']);
  const [baseline, scheduled] = ablationRuns(flat, "out", [0]);
  expect(baseline.config.objective.informationSchedule).toBe(false);
  expect(scheduled.config.objective.informationSchedule).toMatchObject({ shares: "geometric", scale: 10 });
});

test("a run for every seed, the first one named after its row alone", () => {
  const folders = ablationRuns(preset, "out", [4, 0]).map(({ folder }) => folder);
  expect(folders.slice(0, 3)).toEqual(["out/baseline", "out/baseline-seed-0", "out/information-schedule"]);
});
