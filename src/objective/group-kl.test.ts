import { defaultDevice, grad, numpy as np } from "@jax-js/jax";
import { expect, test } from "vitest";
import "../../test/support/all-close.js";
import { type Golden, readGolden, readGoldenJson } from "../../test/support/golden.js";
import { centralDifferences } from "../../test/support/gradient-check.js";
import { gaussianKl } from "./group-kl.js";

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
