import { expect, test } from "vitest";
import { tinyConfig, tinySuperResolution } from "../../../test/support/tiny.js";
import { groups } from "../../model/index.js";
import { coordinatesOf, neutralPoint, samplingOf, searchSpace } from "./search-space.js";

const lists = { temperatures: [0.5, 1], means: [0, 2], variances: [0, 1], refinementGuidance: [0, 1] };
const { model } = tinyConfig({ model: { classes: 4 } });
const space = searchSpace(model, lists);

test("fine temperatures come first, then the weights of guidance, then where it applies", () => {
  expect(coordinatesOf(space).map(({ name }) => name)).toEqual([
    ...["temperature at 8×8", "temperature at 4×4", "temperature at 1×1"],
    ...["guidance of the mean", "guidance of the variance"],
    ...["guidance at 8×8", "guidance at 4×4", "guidance at 1×1"],
  ]);
  const names = coordinatesOf(searchSpace({ ...model, classes: 0 }, lists)).map(({ name }) => name);
  expect(names).toEqual(["temperature at 8×8", "temperature at 4×4", "temperature at 1×1"]);
});

test("choices differ in one coordinate, and guidance is switched off by resolution only where there is some", () => {
  const plain = neutralPoint(space);
  const [fine, , , mean, , , middle] = coordinatesOf(space);
  expect(fine.choices(plain)).toEqual([{ ...plain, temperatures: [0.5, 1, 1] }]);
  expect(middle.choices(plain)).toEqual([]);
  const [guided] = mean.choices(plain);
  expect(middle.choices(guided)).toEqual([{ ...guided, guided: [true, false, true] }]);
});

test("a sampler is told what differs from plain sampling, lowest resolution first", () => {
  const plain = neutralPoint(space);
  expect(samplingOf(plain, space)).toEqual({ temperature: [], guidance: [] });
  const point = { temperatures: [0.5, 1, 0.7], mean: 2, variance: 1, guided: [false, true, true], refinement: 0 };
  expect(samplingOf(point, space)).toEqual({
    temperature: [
      { resolution: 1, temperature: 0.7 },
      { resolution: 8, temperature: 0.5 },
    ],
    guidance: [
      { resolution: 1, mean: 2, variance: 1 },
      { resolution: 4, mean: 2, variance: 1 },
    ],
  });
  expect(samplingOf({ ...point, mean: 0, variance: 0 }, space).guidance).toEqual([]);
});

test("what a refinement draws has one temperature, and its guidance instead of the prior's", () => {
  const refined = searchSpace(model, lists, 2);
  const resolutions = groups(model).map(({ resolution }) => resolution);
  expect(resolutions.slice(0, 2)).toEqual([1, 4]);
  expect(coordinatesOf(refined).map(({ name }) => name)).toEqual([
    ...["temperature at 8×8", "temperature of the refined groups", "guidance of the refinement"],
  ]);
  const plain = neutralPoint(refined);
  expect(samplingOf(plain, refined)).toEqual({ temperature: [], guidance: [], refinement: { guidance: 0 } });
  const [, together, guidance] = coordinatesOf(refined);
  const [calm] = together.choices(plain);
  const [guided] = guidance.choices(calm);
  expect(samplingOf(guided, refined)).toEqual({
    temperature: [
      { resolution: 1, temperature: 0.5 },
      { resolution: 4, temperature: 0.5 },
    ],
    guidance: [],
    refinement: { guidance: 1 },
  });
  const unlabelled = coordinatesOf(searchSpace({ ...model, classes: 0 }, lists, 2)).map(({ name }) => name);
  expect(unlabelled).toEqual(["temperature at 8×8", "temperature of the refined groups"]);
});

test("temperatures and weights that are none, and models that draw nothing by themselves, are refused", () => {
  const enlarger = tinyConfig({ model: tinySuperResolution }).model;
  expect(() => searchSpace(enlarger, lists)).toThrow("Expected a model that draws by itself");
  expect(() => searchSpace(model, { ...lists, temperatures: [1, -0.1] })).toThrow(
    "temperatures of 0 or more, got -0.1",
  );
  expect(() => searchSpace(model, { ...lists, means: [Number.NaN] })).toThrow("finite guidance weights, got NaN");
});
