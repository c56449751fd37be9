import { expect, test } from "vitest";
import { tinyConfig } from "../../test/support/tiny.js";
import { interpolateLatents } from "./interpolate.js";
import { type Latents, latentsAt, latentsOfSamples, varyLatents } from "./latents.js";
import { latentsOfRecipe } from "./recipe.js";

const { model } = tinyConfig();
const none = (): Latents => {
  throw new Error("no image is named");
};
const face = latentsOfSamples(model, [0], { seed: 9 });
const images = (name: string) => (name === "face" ? face : none());
const [first, other] = [
  { seed: 1, sample: 5 },
  { seed: 2, sample: 7 },
];
const temperature = [{ resolution: 4, temperature: 0.5 }];

test("a sample has the noise that the sampler draws it from", () => {
  const recipe = { kind: "origin", origin: first } as const;
  expect(latentsOfRecipe(model, { recipe, temperature }, none)).toEqual(
    latentsOfSamples(model, [5], { seed: 1, temperature }),
  );
});

test("an encoded image has its own noise, whatever the temperature", () => {
  const recipe = { kind: "origin", origin: { image: "face" } } as const;
  expect(latentsOfRecipe(model, { recipe, temperature: 0 }, images)).toEqual(face);
  expect(() => latentsOfRecipe(model, { recipe: { kind: "origin", origin: { image: "gone" } } }, images)).toThrow();
});

test("a variation is the one of its number among those that --vary draws", () => {
  const whole = varyLatents(model, face, { groups: 2, count: 4, seed: 3, temperature });
  for (const number of [0, 3]) {
    const recipe = { kind: "variation", origin: { image: "face" }, keep: 2, seed: 3, number } as const;
    expect(latentsOfRecipe(model, { recipe, temperature }, images)).toEqual(latentsAt(whole, number, 4));
  }
});

test("a picture between two is the one of the path that --interpolate draws", () => {
  const ends = [first, other].map(({ seed, sample }) => latentsOfSamples(model, [sample], { seed }));
  for (const groups of [2, 3]) {
    const path = interpolateLatents(ends[0], ends[1], 5, groups);
    for (const step of [0, 1, 4]) {
      const recipe = { kind: "between", from: first, to: other, position: step / 4, groups } as const;
      expect(latentsOfRecipe(model, { recipe }, none)).toEqual(latentsAt(path, step, 5));
    }
  }
});
