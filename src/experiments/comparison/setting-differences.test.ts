import { expect, test } from "vitest";
import { tinyConfig } from "../../../test/support/tiny.js";
import { replicates, settingDifferences } from "./setting-differences.js";

const plain = tinyConfig();

test("only what differs is named, by the path that sets it, also within lists", () => {
  const levels = plain.model.levels.map((level, index) => ({ ...level, channels: index === 1 ? 16 : level.channels }));
  const wide = tinyConfig({ model: { levels }, objective: { output: "logistic-mixture" } });
  expect(settingDifferences([plain, wide, plain])).toEqual([
    { path: "model.levels[1].channels", values: ["8", "16", "8"] },
    { path: "objective.output", values: ['"gaussian"', '"logistic-mixture"', '"gaussian"'] },
  ]);
});

test("a level more is named by all of its settings, which the others lack", () => {
  const fewer = tinyConfig({ model: { levels: plain.model.levels.slice(1) } });
  const differences = settingDifferences([plain, fewer]);
  expect(differences).toContainEqual({ path: "model.levels[2].resolution", values: ["8", undefined] });
  expect(differences.every(({ path }) => path.startsWith("model.levels["))).toBe(true);
});

test("configurations that are the same differ in nothing", () => {
  expect(settingDifferences([plain, tinyConfig()])).toEqual([]);
});

test("runs that differ in the seed alone are one experiment", () => {
  const seeded = (seed: number) => tinyConfig({ training: { seed } });
  const other = tinyConfig({ training: { seed: 3, batchSize: 4 } });
  expect(replicates([seeded(1), other, seeded(2)])).toEqual([[0, 2], [1]]);
});
