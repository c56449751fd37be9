import { defaultDevice, grad, numpy as np } from "@jax-js/jax";
import { expect, test } from "vitest";
import "../../test/support/all-close.js";
import { relativeDistance } from "../../test/support/distance.js";
import { readGolden, readGoldenJson, toArray } from "../../test/support/golden.js";
import { spectralNorm } from "./spectral.js";

defaultDevice("cpu"); // jax-js's other device has logarithms off by up to 4e-6

test.each(["uncond16", "cond16", "superres16"])(
  "σ, u and ∂σ/∂W of every layer of %s equal the golden ones",
  (model) => {
    const [weights, golden] = [readGolden(`${model}/weights.safetensors`), readGolden(`${model}/spectral.safetensors`)];
    const layers: { module: string }[] = readGoldenJson(`${model}/config.json`).derived.group_module.flatMap(
      (group: string) => ["prior_block", "posterior_block"].map((block) => ({ module: `${group}.${block}.conv2` })),
    );
    for (const { module } of layers) {
      const weight = toArray(weights(`${module}.conv.weight`));
      const before = () => toArray(golden(`${module}.u_before`)).flatten();
      const { sigma, u } = spectralNorm(weight.ref, before());
      expect([sigma.js()]).toBeAllClose(golden(`${module}.jax.sigma`).data, { rtol: 1e-5 });
      expect(u.js()).toBeAllClose(golden(`${module}.jax.u_after`).data, { atol: 2e-6 });
      const gradient = grad((w: np.Array) => {
        const estimate = spectralNorm(w, before());
        estimate.u.dispose();
        return estimate.sigma;
      })(weight);
      expect(relativeDistance(gradient.dataSync(), golden(`${module}.jax.grad_uv_const`).data)).toBeLessThan(5e-6);
    }
  },
);

test("repeated steps reach the largest singular value of the matrix", () => {
  const golden = readGolden("uncond16/spectral.safetensors");
  const module = "layer_list.1.layer_list.0.prior_block.conv2";
  const weight = toArray(readGolden("uncond16/weights.safetensors")(`${module}.conv.weight`));
  let u = np.ones([weight.shape[0]]);
  let sigma = 0;
  for (let step = 0; step < 60; step++) {
    const estimate = spectralNorm(weight.ref, u);
    sigma = estimate.sigma.js() as number;
    u = estimate.u;
  }
  expect([sigma]).toBeAllClose(golden(`${module}.sigma_max`).data, { rtol: 1e-4 });
});

test("a zero kernel has σ = 0, a zero gradient, and leaves the vector ready for later", () => {
  const start = [0.6, -0.8];
  const { sigma, u } = spectralNorm(np.zeros([2, 3, 1, 1]), np.array(start));
  expect(sigma.js()).toBe(0);
  expect(u.js()).toBeAllClose(start);
  const gradient = grad((w: np.Array) => {
    const estimate = spectralNorm(w, np.array(start));
    estimate.u.dispose();
    return estimate.sigma;
  })(np.zeros([2, 3, 1, 1]));
  expect((gradient.flatten().js() as number[]).map(Math.abs)).toEqual([0, 0, 0, 0, 0, 0]);
});
