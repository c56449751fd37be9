/** @file The authors' models on XLA: the golden losses, gradients and samples, at the tolerances of the other tests of them. */
import type { numpy as np } from "@jax-js/jax";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Runtime } from "../../src/engine/index.js";
import { type ModelParameters, mapParameters, parameterEntries } from "../../src/model/index.js";
import type { ModelInputs } from "../../src/objective/auto-encode.js";
import { lossAndGradients, type SpectralVectors } from "../../src/objective/loss.js";
import { maxRelativeError, relativeDistance } from "../support/distance.js";
import { evaluateOn } from "../support/evaluate.js";
import { fixture } from "../support/fixtures.js";
import { readGoldenJson } from "../support/golden.js";
import { sampleError } from "../support/golden-samples.js";
import { xlaPlugins } from "../support/pjrt.js";
import { openXlaRuntime } from "../support/test-runtime.js";

const [plugin] = xlaPlugins(process.env);

describe.runIf(plugin.path)(`golden numbers on XLA (${plugin.name})`, () => {
  let xla: Runtime;
  beforeAll(() => {
    xla = openXlaRuntime();
  });
  afterAll(() => xla.dispose());

  test.each(["cond16", "superres16"] as const)(
    "%s: distortion, rates, loss and the gradient of every parameter",
    async (name) => {
      const { config, model, parameters, gradients: golden, batch, noise, step, spectralVectors } = fixture(name);
      const { loss, aux, gradients } = await evaluateOn(
        xla,
        (p: ModelParameters<np.Array>, u: SpectralVectors[], b: ModelInputs, eps: np.Array[]) =>
          lossAndGradients(p, u, b, eps, { model, objective: { ...config.objective, spectralWeight: 0 } }),
        parameters,
        spectralVectors,
        batch,
        noise,
      );
      expect(maxRelativeError(aux.distortionNats.data, step("distortion_per_image").data)).toBeLessThan(2e-5);
      expect(maxRelativeError(aux.klNats.data, step("kl").data)).toBeLessThan(2e-5);
      const { distortion, kl } = readGoldenJson(`${name}/config.json`).expected_scalars_float64;
      expect(maxRelativeError(loss.data, [distortion + kl])).toBeLessThan(1e-5);
      const expected = new Map(parameterEntries(golden()));
      const errors = mapParameters(gradients, ({ data }, path) => relativeDistance(data, expected.get(path)!.data));
      expect(parameterEntries(errors).filter(([, error]) => !(error < 5e-5))).toEqual([]);
      expect(parameterEntries(errors)).toHaveLength(expected.size);
    },
  );

  test("samples: unguided, and guided from a small image", async () => {
    expect(await sampleError("uncond16", "out.unguided", {}, xla)).toBeLessThan(2e-5);
    const guided = { temperature: 0.7, weights: { mean: 1.5, variance: 5 } };
    expect(await sampleError("superres16", "out.m1.5_v5_T0.7", guided, xla)).toBeLessThan(2e-5);
  });
});
