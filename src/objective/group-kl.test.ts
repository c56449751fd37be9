import { defaultDevice, grad, numpy as np } from "@jax-js/jax";
import { expect, test } from "vitest";
import "../../test/support/all-close.js";
import { type Golden, readGolden, readGoldenJson } from "../../test/support/golden.js";
import { centralDifferences } from "../../test/support/gradient-check.js";
import { normal } from "../random/index.js";
import { gaussianKl, gaussianKlByDimension, logDensityRatio } from "./group-kl.js";

defaultDevice("cpu"); // jax-js's other device has logarithms off by up to 4e-6

// biome-ignore lint/suspicious/noApproximativeNumericConstant: the method's literal, not ln 2
const SLOPE = 0.693;

/** Latent variance of the fixtures' raw output r: log(1 + exp(0.693 r)) / 0.693, in float64. */
const variance = (raw: number) => (Math.max(raw, 0) * SLOPE + Math.log1p(Math.exp(-SLOPE * Math.abs(raw)))) / SLOPE;

/** Mean and variance of a [N, C, r, r] block output whose first channels are [mean | raw variance | …]. */
function gaussian({ shape, data }: Golden, latentChannels: number) {
  const [batch, channels, ...space] = shape;
  const [image, part] = [channels * space[0] * space[1], latentChannels * space[0] * space[1]];
  const pick = (start: number) =>
    Float32Array.from({ length: batch * part }, (_, i) => data[Math.floor(i / part) * image + start + (i % part)]);
  const outShape = [batch, latentChannels, ...space];
  return {
    mean: np.array(pick(0), { shape: outShape }),
    variance: np.array(pick(part).map(variance), { shape: outShape }),
  };
}

test.each(["uncond16", "cond16", "superres16"])("KL of every group and image of %s equals the golden one", (model) => {
  const config = readGoldenJson(`${model}/config.json`);
  const [debug, step] = [readGolden(`${model}/debug.safetensors`), readGolden(`${model}/train_step.safetensors`)];
  const kl = Array.from({ length: config.derived.n_groups }, (_, group) => {
    const [q, p] = ["posterior", "prior"].map((block) => debug(`group.${group}.${block}_out`));
    return gaussianKl(gaussian(q, config.model.zdim), gaussian(p, config.model.zdim)).js();
  });
  expect(kl).toBeAllClose(step("kl").data, { rtol: 2e-6, atol: 2e-6 });
});

test("is zero for equal distributions and tells q from p", () => {
  const one = () => ({ mean: np.zeros([1, 1, 1, 1]), variance: np.ones([1, 1, 1, 1]) });
  const other = () => ({ mean: np.full([1, 1, 1, 1], 3), variance: np.full([1, 1, 1, 1], 4) });
  expect(gaussianKl(one(), one()).js()).toEqual([0]);
  expect(gaussianKl(one(), other()).js()).toBeAllClose([0.5 * (Math.log(4) + 10 / 4 - 1)]);
  expect(gaussianKl(other(), one()).js()).toBeAllClose([0.5 * (-Math.log(4) + 13 - 1)]);
});

test("gradient of every argument agrees with central differences", () => {
  const values = [0.3, -1.2, 0.7, 2.5, -0.4, 0.9, 1.1, 0.2]; // μ_q, σ²_q, μ_p, σ²_p, two entries each
  values[2] = 0.05; // a posterior much narrower than its prior
  const reference = centralDifferences(([mq0, mq1, vq0, vq1, mp0, mp1, vp0, vp1]) => {
    const kl = (mq: number, vq: number, mp: number, vp: number) =>
      0.5 * (Math.log(vp / vq) + (vq + (mq - mp) ** 2) / vp - 1);
    return kl(mq0, vq0, mp0, vp0) + kl(mq1, vq1, mp1, vp1);
  }, values);
  const gradient = grad((x: np.Array) => {
    const [mq, vq, mp, vp] = np.split(x.reshape([4, 1, 2, 1, 1]), 4).map((part) => part.reshape([1, 2, 1, 1]));
    return gaussianKl({ mean: mq, variance: vq }, { mean: mp, variance: vp }).sum();
  })(np.array(values));
  expect(gradient.js()).toBeAllClose(reference, { rtol: 1e-4 });
});

test("the KL of every dimension apart sums to the group's", () => {
  const shape = [2, 2, 1, 2];
  const numbers = (start: number) => Array.from({ length: 8 }, (_, i) => 0.1 + ((start + i * 7) % 11) / 5);
  const [mq, vq, mp, vp] = [0, 3, 5, 8].map((start) => np.array(numbers(start)).reshape(shape));
  const [q, p] = [() => ({ mean: mq.ref, variance: vq.ref }), () => ({ mean: mp.ref, variance: vp.ref })];
  const apart = gaussianKlByDimension(q(), p());
  expect(apart.shape).toEqual(shape);
  const exact = numbers(0).map((mean, i) => {
    const [variance, priorMean, priorVariance] = [numbers(3)[i], numbers(5)[i], numbers(8)[i]];
    return 0.5 * (Math.log(priorVariance / variance) + (variance + (mean - priorMean) ** 2) / priorVariance - 1);
  });
  expect(apart.ref.flatten().js()).toBeAllClose(exact, { rtol: 1e-5, atol: 1e-6 });
  expect(apart.sum([1, 2, 3]).js()).toBeAllClose(gaussianKl(q(), p()).js() as number[], { rtol: 1e-6 });
});

test("the log-ratio of a draw's densities is the one of the definition, also for narrow posteriors; its mean is the KL", () => {
  const draws = 20_000;
  const cases = [
    [0.3, 0.5, -0.2, 2],
    [4, 1e-6, 3.9, 0.7],
    [0, 1, 0, 1],
  ];
  for (const [mq, vq, mp, vp] of cases.map((row) => row.map(Math.fround))) {
    const noise = normal([0, 5], draws);
    const full = (value: number) => np.full([draws, 1, 1, 1], value);
    const q = () => ({ mean: full(mq), variance: full(vq) });
    const p = () => ({ mean: full(mp), variance: full(vp) });
    const ratios = logDensityRatio(q(), p(), np.array(noise).reshape([draws, 1, 1, 1])).js() as number[];
    const logDensity = (z: number, mean: number, variance: number) =>
      -0.5 * (Math.log(2 * Math.PI * variance) + (z - mean) ** 2 / variance);
    const exact = Array.from(noise, (epsilon) => {
      const z = mq + Math.sqrt(vq) * epsilon;
      return logDensity(z, mq, vq) - logDensity(z, mp, vp);
    });
    expect(ratios.slice(0, 100)).toBeAllClose(exact.slice(0, 100), { rtol: 2e-6, atol: 2e-6 });
    const average = ratios.reduce((sum, ratio) => sum + ratio, 0) / draws;
    const kl = 0.5 * (Math.log(vp / vq) + (vq + (mq - mp) ** 2) / vp - 1);
    expect(Math.abs(average - kl)).toBeLessThan(0.02);
  }
});
