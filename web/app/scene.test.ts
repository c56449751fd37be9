import { expect, test } from "vitest";
import { labelsOfSamples } from "../../src/latents/labels.js";
import type { ModelSummary } from "./backend.js";
import { bitsOf, gridPictures, groupsWithin, padPictures, REFINED_WEIGHTS } from "./scene.js";
import { DEFAULTS } from "./settings.js";

const model: ModelSummary = {
  ...{ id: "m", name: "m", run: "m", resolution: 8, step: 1, parameters: 1, enlargers: [], refinement: null },
  ...{ classes: ["a", "b"], classCounts: [3, 1] },
  groups: [1, 4, 8].map((resolution, index) => ({ index, resolution, channels: 4, share: null, klNats: 1 })),
};
const settings = { ...DEFAULTS, side: 2, seed: 4 };
const plain = { ...model, classes: [], classCounts: [] };

test("samples are those of the seed, with the labels that the command line draws", () => {
  const pictures = gridPictures(settings, model, {});
  expect(pictures.map(({ recipe }) => recipe)).toEqual(
    [0, 1, 2, 3].map((sample) => ({ kind: "origin", origin: { seed: 4, sample } })),
  );
  expect(pictures.map(({ label }) => label)).toEqual([...labelsOfSamples(model, 2, [0, 1, 2, 3], 4)]);
  expect(gridPictures(settings, plain, {}).every((picture) => !("label" in picture))).toBe(true);
});

test("variations have the original first, and its label", () => {
  const origin = { seed: 9, sample: 1 };
  const pictures = gridPictures({ ...settings, origin, keep: 2 }, model, {});
  const label = labelsOfSamples(model, 2, [1], 9)[0];
  expect(pictures[0]).toEqual({ recipe: { kind: "origin", origin }, seed: 4, label });
  expect(pictures[3]).toEqual({ recipe: { kind: "variation", origin, keep: 2, seed: 4, number: 2 }, seed: 4, label });
});

test("a path ends at its ends; each picture has the label of the nearer one", () => {
  const [origin, end] = [
    { seed: 1, sample: 0 },
    { seed: 2, sample: 0 },
  ];
  const pictures = gridPictures({ ...settings, origin, end, keep: 3 }, model, {});
  expect(pictures.map(({ recipe }) => "position" in recipe && recipe.position)).toEqual([0, 1 / 3, 2 / 3, 1]);
  const labels = [1, 2].map((seed) => labelsOfSamples(model, 2, [0], seed)[0]);
  expect(pictures.map(({ label }) => label)).toEqual([labels[0], labels[0], labels[1], labels[1]]);
});

test("nothing is drawn of an image before it is encoded", () => {
  const dropped = { ...settings, origin: "image", label: 1 } as const;
  expect(gridPictures(dropped, model, {})).toEqual([]);
  expect(gridPictures(dropped, model, { origin: "abc" })[0]).toEqual({
    recipe: { kind: "origin", origin: { image: "abc" } },
    seed: 4,
    label: 1,
  });
});

test("the pad has one picture at every pair of weights; none where nothing can be guided", () => {
  const pad = padPictures({ ...settings, label: 0 }, model, {});
  expect(pad).toHaveLength(25);
  expect(pad[1]).toEqual({
    ...gridPictures({ ...settings, label: 0 }, model, {})[0],
    guidance: { mean: 0.5, variance: 0 },
  });
  expect(padPictures(settings, plain, {})).toEqual([]);
  expect(padPictures({ ...settings, label: 2 }, model, {})).toEqual([]);
});

test("temperature and guidance are told where they are not the default", () => {
  const [picture] = gridPictures(
    { ...settings, temperature: { 4: 0.5 }, guidance: { mean: 1, variance: 0 } },
    model,
    {},
  );
  expect(picture.temperature).toEqual([{ resolution: 4, temperature: 0.5 }]);
  expect(picture.guidance).toEqual({ mean: 1, variance: 0 });
});

test("a refinement draws with its weight and without guidance of the prior, but not what comes of an image", () => {
  const shown = { guidance: 1, temperature: [] };
  const refined = { ...model, refinement: { groups: 2, shown } };
  const guided = { ...settings, refined: 2, guidance: { mean: 1, variance: 0 } };
  const [picture] = gridPictures(guided, refined, {});
  expect([picture.refined, picture.guidance]).toEqual([2, undefined]);
  expect(gridPictures({ ...guided, refined: null }, refined, {})[0].refined).toBe(1);
  expect(gridPictures(guided, { ...refined, classes: [] }, {})[0].refined).toBe(0);
  const off = { ...guided, refined: "off" } as const;
  expect(gridPictures(off, refined, {})[0]).toMatchObject({ guidance: { mean: 1, variance: 0 } });
  const dropped = { ...guided, origin: "image", label: 1 } as const;
  for (const pictures of [gridPictures(off, refined, {}), gridPictures(dropped, refined, { origin: "abc" })]) {
    expect(pictures.every((each) => each.refined === undefined)).toBe(true);
  }
  expect(padPictures(guided, refined, {}).map((each) => each.refined)).toEqual([...REFINED_WEIGHTS]);
  expect(padPictures(off, refined, {})).toHaveLength(25);
});

test("so many bits hold the first groups that fit", () => {
  const nats = [1, 2, 3].map((bits) => bits * Math.LN2);
  expect([0, 0.9, 1, 2.9, 3, 6, 100].map((bits) => groupsWithin(bits, nats))).toEqual([0, 0, 1, 1, 2, 3, 3]);
  for (const groups of [0, 1, 2, 3]) expect(groupsWithin(bitsOf(nats, groups), nats)).toBe(groups);
});
