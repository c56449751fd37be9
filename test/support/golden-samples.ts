/** @file Samples of the golden models beside the authors'. */
import { expect } from "vitest";
import type { Runtime } from "../../src/engine/index.js";
import { compilePriorPass } from "../../src/inference/programs/prior-pass.js";
import { mapParameters } from "../../src/model/index.js";
import { maxRelativeError } from "./distance.js";
import { type FixtureName, fixture } from "./fixtures.js";

/** Which sample: with weights, a guided one. */
interface GoldenSample {
  temperature?: number;
  weights?: { mean: number; variance: number };
}

/** How far a batch of our samples is off the golden one of that name, relative to the largest value. */
export async function sampleError(
  name: FixtureName,
  output: string,
  { temperature = 1, weights }: GoldenSample = {},
  runtime?: Runtime,
): Promise<number> {
  const { config, parameters, sample, sampleNoise } = fixture(name);
  const { classes, superResolution } = config.model;
  const noise = sampleNoise();
  const count = noise[0].shape[0];
  const constants = mapParameters(parameters, ({ data }) => data as Float32Array);
  const guided = weights !== undefined;
  const guidance = guided ? { rule: "extrapolate" as const, guided: noise.map(() => true) } : undefined;
  const program = await compilePriorPass(config, count, { guidance, drawn: false }, constants, runtime);
  const own = classes > 0 ? (sample("label").data as Int32Array) : new Int32Array(0);
  const labels = output === "out.null_label" ? own.map(() => classes) : own;
  const everyGroup = (weight: number) => new Float32Array(count * noise.length).fill(weight);
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
