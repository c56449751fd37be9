import { expect, test } from "vitest";
import type { ModelSummary } from "./backend.js";
import { DEFAULTS, fitted, fromHash, type Settings, toHash } from "./settings.js";

const everything: Settings = {
  view: "live",
  model: "emoji32-0123abcd",
  seed: 12,
  label: 3,
  side: 6,
  origin: { seed: 5, sample: 7 },
  keep: 9,
  end: { seed: 12, sample: 2 },
  guidance: { mean: 2, variance: 0.5 },
  refined: 1.5,
  temperature: { 16: 0.6, 32: 0.4 },
  enlarger: "emoji64-89abcdef",
  runs: ["a-01234567", "b c,d"].slice(0, 1),
};

test("an address holds all settings, and nothing that is the default", () => {
  expect(fromHash(`#${toHash(everything)}`)).toEqual(everything);
  expect(toHash(DEFAULTS)).toBe("");
  expect(fromHash("")).toEqual(DEFAULTS);
  expect(toHash(everything)).toContain("t=16:0.6,32:0.4");
});

test("a dropped picture is in no address, nor what comes of it", () => {
  const hash = toHash({ ...DEFAULTS, origin: "image", end: { seed: 0, sample: 1 }, keep: 5, label: 2 });
  expect(hash).toBe("label=2");
});

test("what makes no sense in an address is the default", () => {
  const hashes = [
    "seed=-1",
    "seed=x",
    "seed=1e9",
    "seed=1.5",
    "n=5",
    "n=1000",
    "wm=NaN",
    "wm=1e9",
    "t=32",
    "r=on",
    "r=1e9",
    "t=32:99",
    "i=3",
  ];
  for (const hash of [...hashes, "label=-1", "keep=1e6", "%%%", "view=other", "to=1:2"]) {
    expect(fromHash(hash), hash).toEqual(DEFAULTS);
  }
});

test("what a model does not have is left out", () => {
  const model: ModelSummary = {
    ...{
      id: "m",
      name: "m",
      run: "m",
      resolution: 8,
      step: 1,
      parameters: 1,
      classes: [],
      classCounts: [],
      enlargers: [],
      refinement: null,
    },
    groups: [1, 4].map((resolution, index) => ({ index, resolution, channels: 4, share: null, klNats: null })),
  };
  expect(fitted({ ...everything, temperature: { 4: 0.5, 32: 0.4 } }, model)).toEqual({
    ...everything,
    ...{
      label: null,
      keep: 2,
      refined: null,
      guidance: { mean: 0, variance: 0 },
      temperature: { 4: 0.5 },
      enlarger: null,
    },
  });
  expect(fitted(everything, { ...model, classes: ["a", "b", "c"] }).label).toBe(3); // no label
  expect(fitted(everything, { ...model, classes: ["a", "b"] }).label).toBe(null);
});

test("where nothing was said of a refinement it draws as suits it; what an address says of it stays", () => {
  const shown = { guidance: 2, temperature: [{ resolution: 4, temperature: 0.7 }] };
  const groups = [1, 4].map((resolution, index) => ({ index, resolution, channels: 4, share: null, klNats: null }));
  const model: ModelSummary = {
    ...{ id: "m", name: "m", run: "m", resolution: 8, step: 1, parameters: 1, classCounts: [1], enlargers: [] },
    ...{ classes: ["a"], groups, refinement: { groups: 1, shown } },
  };
  expect(fitted(DEFAULTS, model)).toMatchObject({ refined: 2, temperature: { 4: 0.7 } });
  expect(fitted({ ...DEFAULTS, temperature: { 1: 0.5 } }, model)).toMatchObject({
    refined: 2,
    temperature: { 1: 0.5 },
  });
  for (const refined of ["off", 0, 1.5] as const) {
    const settings = { ...DEFAULTS, refined };
    expect(fromHash(toHash(settings))).toEqual(settings);
    expect(fitted(settings, model)).toMatchObject({ refined, temperature: {} });
  }
});
