import { numpy as np } from "@jax-js/jax";
import { expect, test } from "vitest";
import { maxRelativeError } from "../../../test/support/distance.js";
import { fixture, fixtureNames } from "../../../test/support/fixtures.js";
import { sampleError } from "../../../test/support/golden-samples.js";
import { compile, spec } from "../../engine/index.js";
import {
  type DiagonalGaussian,
  groups,
  initialState,
  type ModelParameters,
  mapParameters,
  topDown,
} from "../../model/index.js";
import { compilePriorPass } from "./prior-pass.js";

/** Largest error allowed, relative to the largest value: the fixtures' limit for samples. */
const LIMIT = 2e-5;

test.each(fixtureNames)("samples of %s are the golden ones, at both temperatures", async (name) => {
  expect(await sampleError(name, "out.unguided")).toBeLessThan(LIMIT);
  expect(await sampleError(name, "out.unguided_T0.7", { temperature: 0.7 })).toBeLessThan(LIMIT);
});

test.each(["cond16", "superres16"] as const)("guided samples of %s are the golden ones", async (name) => {
  expect(await sampleError(name, "out.null_label")).toBeLessThan(LIMIT);
  expect(await sampleError(name, "out.unguided", { weights: { mean: 0, variance: 0 } })).toBeLessThan(LIMIT);
  expect(await sampleError(name, "out.m0.5_v0", { weights: { mean: 0.5, variance: 0 } })).toBeLessThan(LIMIT);
  expect(await sampleError(name, "out.m0_v2", { weights: { mean: 0, variance: 2 } })).toBeLessThan(LIMIT);
  expect(await sampleError(name, "out.m1.5_v5", { weights: { mean: 1.5, variance: 5 } })).toBeLessThan(LIMIT);
  expect(
    await sampleError(name, "out.m1.5_v5_T0.7", { temperature: 0.7, weights: { mean: 1.5, variance: 5 } }),
  ).toBeLessThan(LIMIT);
});

/**
 * Every group's prior and the image, given all latents: one state alone, as the network has it for one label.
 */
function compileStates({ config, parameters }: ReturnType<typeof fixture>, count: number) {
  const specs = mapParameters(parameters, ({ shape }) => spec(shape));
  const constants = mapParameters(parameters, ({ data }) => data as Float32Array);
  const { model } = config;
  const shapes = groups(model).map(({ shape }) => spec([count, ...shape]));
  const pass = (weights: ModelParameters<np.Array>, latents: np.Array[], labels: np.Array) => {
    const priors: DiagonalGaussian[] = [];
    const output = topDown(weights, model, {
      initial: initialState(weights, { count, labels }),
      labels,
      chooseLatent: ({ index }, prior) => {
        priors.push(prior);
        return latents[index];
      },
    });
    return { priors: priors as never, mean: np.split(output, 2, 1)[0] };
  };
  return compile(pass as never, [specs as never, shapes, spec([count], "int32")], { constants: [constants as never] });
}

test("guidance of a batch of 2N is that of two separate passes with one z for both", async () => {
  const given = fixture("cond16");
  const { classes } = given.config.model;
  const noise = given.sampleNoise();
  const [count] = noise[0].shape;
  const labels = given.sample("label").data as Int32Array;
  const [meanWeight, varianceWeight] = [1.5, 5];
  const states = await compileStates(given, count);
  type State = { priors: { mean: Float32Array; variance: Float32Array }[]; mean: Float32Array };
  const latents = noise.map(({ data }) => new Float32Array(data.length));
  const state = async (seen: Int32Array) => (await states.run(latents as never, seen)) as unknown as State;
  for (const [group, { data: epsilon }] of noise.entries()) {
    const [withLabel, without] = [await state(labels), await state(labels.map(() => classes))];
    const [c, u] = [withLabel.priors[group], without.priors[group]];
    latents[group] = Float32Array.from(epsilon, (value, i) => {
      const mean = c.mean[i] + meanWeight * (c.mean[i] - u.mean[i]);
      const variance = c.variance[i] * (c.variance[i] / u.variance[i]) ** varianceWeight;
      return mean + Math.sqrt(variance) * value;
    });
  }
  const separate = (await state(labels)).mean;
  await states.dispose();
  expect(maxRelativeError(separate, given.sample("out.m1.5_v5").data)).toBeLessThan(LIMIT);

  const constants = mapParameters(given.parameters, ({ data }) => data as Float32Array);
  const guidance = { rule: "extrapolate" as const, guided: noise.map(() => true) };
  const program = await compilePriorPass(given.config, count, { guidance, drawn: false }, constants);
  const { images } = await program.run({
    latents: noise.map(({ data }) => data as Float32Array),
    labels: Int32Array.of(...labels, ...labels.map(() => classes)),
    weights: {
      mean: new Float32Array(count * noise.length).fill(meanWeight),
      variance: new Float32Array(count * noise.length).fill(varianceWeight),
    },
  });
  await program.dispose();
  expect(maxRelativeError(images, separate)).toBeLessThan(LIMIT);
});

test("to guide only the groups that have a weight changes nothing", async () => {
  const given = fixture("cond16");
  const { classes } = given.config.model;
  const noise = given.sampleNoise();
  const [count] = noise[0].shape;
  const labels = given.sample("label").data as Int32Array;
  const constants = mapParameters(given.parameters, ({ data }) => data as Float32Array);
  const draw = async (guided: number[]) => {
    const guidance = { rule: "extrapolate" as const, guided: noise.map((_, group) => guided.includes(group)) };
    const program = await compilePriorPass(given.config, count, { guidance, drawn: false }, constants);
    const one = noise.map((_, group) => (group === 0 || group === 2 ? 1 : 0));
    const weights = Float32Array.from(Array.from({ length: count }, () => one).flat());
    const { images } = await program.run({
      latents: noise.map(({ data }) => data as Float32Array),
      labels: Int32Array.of(...labels, ...labels.map(() => classes)),
      weights: { mean: weights, variance: weights },
    });
    await program.dispose();
    return images;
  };
  const [early, late] = [await draw([0, 2]), await draw(noise.map((_, group) => group))];
  expect(maxRelativeError(early, late)).toBeLessThan(2e-6);
  expect(maxRelativeError(early, given.sample("out.unguided").data)).toBeGreaterThan(0.01);
});
