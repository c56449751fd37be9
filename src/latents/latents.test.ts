import { expect, test } from "vitest";
import { tinyConfig } from "../../test/support/tiny.js";
import { latentsAt, latentsOfSamples, varyLatents } from "./latents.js";

const { model } = tinyConfig();
const original = latentsOfSamples(model, [5], { seed: 1 });

test("the first K groups are kept, the rest drawn, each variation its own", () => {
  const varied = varyLatents(model, original, { groups: 2, count: 3, seed: 1 });
  const variations = [0, 1, 2].map((index) => latentsAt(varied, index, 3));
  for (const variation of variations) {
    expect(variation.slice(0, 2)).toEqual(original.slice(0, 2));
    expect(variation[2]).not.toEqual(original[2]);
  }
  expect(variations[0][2]).not.toEqual(variations[1][2]);
  const mean = varied[2].reduce((sum, value) => sum + value, 0) / varied[2].length;
  expect(Math.abs(mean)).toBeLessThan(0.2); // of 768 normal numbers
});

test("temperature is that of what is drawn", () => {
  const warm = varyLatents(model, original, { groups: 1, count: 1 });
  const cold = varyLatents(model, original, { groups: 1, count: 1, temperature: 0.5 });
  expect(cold[0]).toEqual(original[0]);
  expect(cold[2]).toEqual(warm[2].map((value) => value / 2));
});

test("keeping all gives the original, and what is drawn depends on seed and number alone", () => {
  expect(varyLatents(model, original, { groups: 3, count: 1 })).toEqual(original);
  const none = varyLatents(model, original, { groups: 0, count: 2, seed: 1 });
  const [, , last] = varyLatents(model, original, { groups: 2, count: 5, seed: 1 });
  expect(none[2]).toEqual(last.subarray(0, none[2].length));
  expect(varyLatents(model, original, { groups: 0, count: 2, seed: 2 })[2]).not.toEqual(none[2]);
  for (const sample of [0, 1])
    expect(latentsOfSamples(model, [sample], { seed: 1 })[2]).not.toEqual(latentsAt(none, sample, 2)[2]);
});
