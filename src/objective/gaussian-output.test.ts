import { defaultDevice, grad, numpy as np } from "@jax-js/jax";
import { expect, test } from "vitest";
import "../../test/support/all-close.js";
import { readGolden, toArray } from "../../test/support/golden.js";
import { centralDifferences } from "../../test/support/gradient-check.js";
import { gaussianDistortion, gaussianMean, gaussianSample } from "./gaussian-output.js";

defaultDevice("cpu"); // jax-js's other device has logarithms off by up to 4e-6

test.each(["uncond16", "cond16", "superres16"])("distortion of every image of %s equals the golden one", (model) => {
  const step = readGolden(`${model}/train_step.safetensors`);
  const distortion = gaussianDistortion(toArray(step("model_out")), toArray(step("img")), 0.025);
  expect(distortion.js()).toBeAllClose(step("distortion_per_image").data, { rtol: 2e-6 });
});

test("is zero where the prediction is the blurred image itself", () => {
  const image = [0.5, -0.5, 0];
  const output = np.array([...image, ...image.map(() => 2 * Math.log(0.025))]).reshape([1, 6, 1, 1]);
  expect(gaussianDistortion(output, np.array(image).reshape([1, 3, 1, 1]), 0.025).js()).toBeAllClose([0], {
    atol: 2e-6,
  });
});

test("gradient agrees with central differences", () => {
  const output = [0.2, -0.7, 1.3, -3, 0.4, -6];
  const image = [0.25, 0.1, -0.9];
  const reference = centralDifferences((x) => {
    const nats = image.map((value, c) => {
      const logVariance = x[c + 3];
      const energy = (0.025 ** 2 + (value - x[c]) ** 2) / Math.exp(logVariance);
      return 0.5 * (energy + logVariance - Math.log(0.025 ** 2) - 1);
    });
    return nats[0] + nats[1] + nats[2];
  }, output);
  const gradient = grad((x: np.Array) =>
    gaussianDistortion(x.reshape([1, 6, 1, 1]), np.array(image).reshape([1, 3, 1, 1]), 0.025).sum(),
  )(np.array(output));
  expect(gradient.js()).toBeAllClose(reference, { rtol: 1e-4 });
});

test("the image shown is the mean; a draw adds noise of the predicted deviation", () => {
  const output = np.array([0.1, 0.2, 0.3, 0, Math.log(4), Math.log(9)]).reshape([1, 6, 1, 1]);
  const noise = np.array([1, -1, 2]).reshape([1, 3, 1, 1]);
  expect(gaussianMean(output.ref).flatten().js()).toBeAllClose([0.1, 0.2, 0.3]);
  expect(gaussianSample(output, noise).flatten().js()).toBeAllClose([1.1, -1.8, 6.3]);
});
