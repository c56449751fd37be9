import { type numpy as np, valueAndGrad } from "@jax-js/jax";
import { afterAll, beforeAll, expect, test } from "vitest";
import "../../test/support/all-close.js";
import { relativeDistance } from "../../test/support/distance.js";
import { type Golden, readGolden } from "../../test/support/golden.js";
import { openTestRuntime } from "../../test/support/test-runtime.js";
import { compile, type Runtime, spec } from "../engine/index.js";
import { gaussianLogLikelihood } from "./likelihood.js";
import { logisticMixtureDistortion, logisticMixtureMean, logisticMixtureSample } from "./logistic-mixture.js";
import { spectralNorm } from "./spectral.js";

const golden = readGolden("likelihood.safetensors");

let runtime: Runtime;
beforeAll(() => {
  runtime = openTestRuntime();
});
afterAll(() => runtime.dispose()); // frees the programs too

/** Moves the channels of an NHWC tensor first. */
function toNchw({ shape: [batch, height, width, channels], data }: Golden): Float32Array {
  const [pixels, image] = [height * width, height * width * channels];
  return Float32Array.from({ length: batch * image }, (_, i) => {
    const [n, c, pixel] = [Math.floor(i / image), Math.floor((i % image) / pixels), i % pixels];
    return data[n * image + pixel * channels + c];
  });
}

test("compiled, the Gaussian likelihood keeps its accuracy in the tails", async () => {
  for (const [set, batch] of [
    ["gauss", 4],
    ["gauss_extreme", 2],
  ] as const) {
    const [mean, logVariance, bytes] = ["mean", "logvar", "x_u8"].map((name) => golden(`${set}.${name}`).data);
    const size = 192;
    const output = new Float32Array(2 * batch * size);
    for (let n = 0; n < batch; n++) {
      output.set(mean.subarray(n * size, (n + 1) * size), 2 * n * size);
      output.set(logVariance.subarray(n * size, (n + 1) * size), (2 * n + 1) * size);
    }
    const program = await compile(gaussianLogLikelihood, [spec([batch, 6, 8, 8]), spec([batch, 3, 8, 8])], { runtime });
    const nats = await program.run(
      output,
      Float32Array.from(bytes, (byte) => byte / 127.5 - 1),
    );
    expect(nats).toBeAllClose(golden(`${set}.ll_nats`).data, { rtol: 2e-6 });
  }
});

test("compiled, the mixture's distortion and gradient equal the golden ones; mean and draw stay in range", async () => {
  const shapes = [spec([3, 100, 8, 8]), spec([3, 3, 8, 8])];
  const [output, images] = [toNchw(golden("dmol.params")), toNchw(golden("dmol.x_u8")).map((byte) => byte / 127.5 - 1)];
  const program = await compile(
    valueAndGrad((parameters: np.Array, x: np.Array) => logisticMixtureDistortion(parameters, x).sum()),
    shapes,
    { runtime },
  );
  const [nats, gradient] = (await program.run(output, images)) as Float32Array[];
  const expected = (golden("dmol.ll_nats_exact").data as Float32Array).reduce((sum, value) => sum - value, 0);
  expect(nats).toBeAllClose([expected], { rtol: 1e-6 });
  const exact = toNchw(golden("dmol.grad_ll_exact")).map((value) => -value);
  expect(relativeDistance(gradient, exact)).toBeLessThan(2e-5);
  const pictures = await compile(
    (parameters: np.Array, noise: np.Array) => [
      logisticMixtureMean(parameters.ref),
      logisticMixtureSample(parameters, noise),
    ],
    [shapes[0], spec([3, 4, 8, 8])],
    { runtime },
  );
  const drawn = (await pictures.run(output, new Float32Array(3 * 4 * 64).fill(0.3))) as Float32Array[];
  expect(drawn.every((image) => image.length === 576 && image.every((value) => value >= -1 && value <= 1))).toBe(true);
});

test("compiled, the spectral norm and its gradient equal the golden ones", async () => {
  const module = "layer_list.1.layer_list.0.prior_block.conv2";
  const weight = readGolden("uncond16/weights.safetensors")(`${module}.conv.weight`);
  const vectors = readGolden("uncond16/spectral.safetensors");
  const program = await compile(
    valueAndGrad((w: np.Array, u: np.Array) => spectralNorm(w, u).sigma),
    [spec(weight.shape), spec([weight.shape[0]])],
    { runtime },
  );
  const before = vectors(`${module}.u_before`).data as Float32Array;
  const [sigma, gradient] = (await program.run(weight.data as Float32Array, before)) as Float32Array[];
  expect(sigma).toBeAllClose(vectors(`${module}.jax.sigma`).data);
  expect(relativeDistance(gradient, vectors(`${module}.jax.grad_uv_const`).data)).toBeLessThan(5e-6);
});
