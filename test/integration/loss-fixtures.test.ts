/** @file The loss and its gradient with respect to every parameter, against the authors'. */
import type { numpy as np } from "@jax-js/jax";
import { describe, expect, test } from "vitest";
import { groups, type ModelParameters, mapParameters, parameterEntries } from "../../src/model/index.js";
import type { ModelInputs } from "../../src/objective/auto-encode.js";
import { lossAndGradients, type SpectralVectors } from "../../src/objective/loss.js";
import { maxRelativeError, relativeDistance } from "../support/distance.js";
import { evaluate, type HostArray } from "../support/evaluate.js";
import { fixture, fixtureNames } from "../support/fixtures.js";
import { readGoldenJson } from "../support/golden.js";

describe.each(fixtureNames)("%s", (name) => {
  const { config, model, parameters, gradients: goldenGradients, batch, noise, step, ...golden } = fixture(name);
  const { spectral, spectralModule, spectralVectors } = golden;
  const run = (spectralWeight: number) =>
    evaluate(
      (p: ModelParameters<np.Array>, u: SpectralVectors[], b: ModelInputs, eps: np.Array[]) =>
        lossAndGradients(p, u, b, eps, { model, objective: { ...config.objective, spectralWeight } }),
      parameters,
      spectralVectors,
      batch,
      noise,
    );
  const plain = run(0);

  test("distortion, rates, γ, weighted rates and the total", async () => {
    const { loss, aux } = await plain;
    const near = (actual: HostArray, golden: string) =>
      expect(maxRelativeError(actual.data, step(golden).data), golden).toBeLessThan(2e-5);
    near(aux.distortionNats, "distortion_per_image");
    near(aux.klNats, "kl");
    near(aux.gamma, "gamma");
    const weighted = step("kl_weighted");
    const [all, count] = weighted.shape;
    const sums = Array.from({ length: count }, (_, image) =>
      Array.from({ length: all }, (_, group) => weighted.data[group * count + image]).reduce((sum, rate) => sum + rate),
    );
    expect(maxRelativeError(aux.klWeightedNats.data, sums)).toBeLessThan(2e-5);
    const { distortion, kl } = readGoldenJson(`${name}/config.json`).expected_scalars_float64;
    expect(maxRelativeError(loss.data, [distortion + kl])).toBeLessThan(1e-5);
  });

  test("the gradient of every parameter", async () => {
    const golden = new Map(parameterEntries(goldenGradients()));
    const { gradients } = await plain;
    const errors = mapParameters(gradients, ({ data }, path) => relativeDistance(data, golden.get(path)!.data));
    expect(parameterEntries(errors).filter(([, error]) => !(error < 5e-5))).toEqual([]);
    expect(parameterEntries(errors)).toHaveLength(golden.size);
  });

  test("the spectral term: σ weighted by resolution, its gradient, the advanced vectors", async () => {
    const weight = 1e6; // so large that its gradient outweighs all others
    const { aux, gradients } = await run(weight);
    const golden = new Map(parameterEntries(goldenGradients()));
    const actual = new Map(parameterEntries(gradients));
    let total = 0;
    for (const group of groups(model)) {
      for (const kind of ["prior", "posterior"] as const) {
        const name = spectralModule(group, kind);
        total += group.resolution * spectral(`${name}.jax.sigma`).data[0];
        expect(
          maxRelativeError(aux.spectralVectors[group.index][kind].data, spectral(`${name}.jax.u_after`).data),
        ).toBeLessThan(2e-5);
        const path = `generator.levels.${group.level}.layers.${group.layer}.${kind}.conv2.weight`;
        const rest = golden.get(path)!.data;
        const expected = spectral(`${name}.jax.grad_uv_const`).data;
        const slope = Array.from(actual.get(path)!.data, (value, i) => (value - rest[i]) / (weight * group.resolution));
        expect(relativeDistance(slope, expected), path).toBeLessThan(5e-5);
      }
    }
    expect(maxRelativeError(aux.spectral.data, [total])).toBeLessThan(1e-5);
  });
});
