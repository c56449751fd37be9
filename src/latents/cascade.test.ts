import { expect, test } from "vitest";
import { tinyConfig, tinyEnlarger } from "../../test/support/tiny.js";
import { cascadeProblem, enlargingSettings } from "./cascade.js";

const small = tinyConfig({ model: { classes: 4 } }).model;
const large = tinyConfig(tinyEnlarger(8, 4)).model;

test("a base model and one that enlarges its pictures make a cascade; other pairs do not", () => {
  expect(cascadeProblem(small, large)).toBeUndefined();
  expect(cascadeProblem({ ...small, classes: 0 }, { ...large, classes: 0 })).toBeUndefined();
  expect(cascadeProblem(large, large)).toContain("expected a base model to begin with");
  expect(cascadeProblem(small, small)).toContain("got one that draws 8×8 by itself");
  expect(cascadeProblem({ ...small, resolution: 4 }, large)).toContain("expected a base model that draws 8×8");
  expect(cascadeProblem({ ...small, classes: 3 }, large)).toContain("with the 4 classes");
});

test("what is for all groups holds for both models, unless the second has settings of its own", () => {
  const guidance = { mean: 1, variance: 2 };
  expect(enlargingSettings({ guidance, temperature: 0.7 }, {}, large)).toMatchObject({ guidance, temperature: 0.7 });
  const lists = {
    guidance: [{ resolution: 8, mean: 1, variance: 1 }],
    temperature: [{ resolution: 8, temperature: 2 }],
  };
  expect(enlargingSettings(lists, {}, large)).toEqual({});
  expect(enlargingSettings({ guidance }, {}, { classes: 0 })).toEqual({});
  const own = { guidance: { mean: 3, variance: 0 }, temperature: 0.5 };
  expect(enlargingSettings({ guidance, temperature: 0.7 }, own, large)).toEqual(own);
});

test("weights of each image hold for the second model where all are for all groups", () => {
  const guidances = [{ mean: 1, variance: 2 }, undefined];
  expect(enlargingSettings({ guidances }, {}, large).guidances).toBe(guidances);
  const some = [...guidances, [{ resolution: 8, mean: 1, variance: 1 }]];
  expect(enlargingSettings({ guidances: some }, {}, large).guidances).toBeUndefined();
});
