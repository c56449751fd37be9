import { expect, test } from "vitest";
import { maxRelativeError } from "../../test/support/distance.js";
import { type FixtureName, fixture, fixtureNames } from "../../test/support/fixtures.js";
import { mapParameters } from "../model/index.js";
import { compilePriorPass } from "./prior-pass.js";

/** Largest error allowed, relative to the largest value: the fixtures' limit for samples. */
const LIMIT = 2e-5;

/** The golden sample of that name, and ours: of a batch, or guided. */
async function compare(
  name: FixtureName,
  output: string,
  temperature = 1,
  weights?: { mean: number; variance: number },
) {
  const { config, parameters, sample, sampleNoise } = fixture(name);
  const { classes, superResolution } = config.model;
  const noise = sampleNoise();
  const count = noise[0].shape[0];
  const constants = mapParameters(parameters, ({ data }) => data as Float32Array);
  const guided = weights !== undefined;
  const program = await compilePriorPass(config, count, { guided, drawn: false }, constants);
  const own = classes > 0 ? (sample("label").data as Int32Array) : new Int32Array(0);
  const labels = output === "out.null_label" ? own.map(() => classes) : own;
  const everyGroup = (weight: number) => new Float32Array(noise.length).fill(weight);
  const { images, clamped } = await program.run({
    latents: noise.map(({ data }) => Float32Array.from(data, (value) => value * temperature)),
    ...(classes > 0 ? { labels: guided ? Int32Array.of(...labels, ...labels.map(() => classes)) : labels } : {}),
    ...(superResolution ? { lowResolution: sample("img_lr_augmented").data as Float32Array } : {}),
    ...(weights ? { weights: { mean: everyGroup(weights.mean), variance: everyGroup(weights.variance) } } : {}),
  });
  await program.dispose();
  expect(clamped[0]).toBe(0);
  return maxRelativeError(images, sample(output).data);
}

test.each(fixtureNames)("samples of %s are the golden ones, at both temperatures", async (name) => {
  expect(await compare(name, "out.unguided")).toBeLessThan(LIMIT);
  expect(await compare(name, "out.unguided_T0.7", 0.7)).toBeLessThan(LIMIT);
});

test.each(["cond16", "superres16"] as const)("guided samples of %s are the golden ones", async (name) => {
  expect(await compare(name, "out.null_label")).toBeLessThan(LIMIT);
  expect(await compare(name, "out.unguided", 1, { mean: 0, variance: 0 })).toBeLessThan(LIMIT);
  expect(await compare(name, "out.m0.5_v0", 1, { mean: 0.5, variance: 0 })).toBeLessThan(LIMIT);
  expect(await compare(name, "out.m0_v2", 1, { mean: 0, variance: 2 })).toBeLessThan(LIMIT);
  expect(await compare(name, "out.m1.5_v5", 1, { mean: 1.5, variance: 5 })).toBeLessThan(LIMIT);
  expect(await compare(name, "out.m1.5_v5_T0.7", 0.7, { mean: 1.5, variance: 5 })).toBeLessThan(LIMIT);
});
