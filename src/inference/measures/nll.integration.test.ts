import { afterAll, beforeAll, expect, test } from "vitest";
import { discs, tinyModel, tinySuperResolution } from "../../../test/support/tiny.js";
import { Runtime } from "../../engine/index.js";
import type { TrainedModel } from "../trained-model.js";
import { heldOutBound } from "./held-out-bound.js";
import { importanceWeightedBound, type Likelihood, negativeLogLikelihood } from "./nll.js";

let runtime: Runtime;
beforeAll(() => {
  runtime = new Runtime({ threads: 1 });
});
afterAll(() => runtime.dispose());

const models = {
  Gaussian: tinyModel(),
  "mixture of logistics": tinyModel({ objective: { output: "logistic-mixture", mixtures: 2 } }),
  "class-conditional": tinyModel({ model: { classes: 4 } }),
  "super-resolution": tinyModel({ model: tinySuperResolution }),
};
const images = discs(5, { labels: true });

test.each(Object.entries(models))(
  "%s: one sample gives the bound on held-out images, and nothing else",
  async (_, model) => {
    const { summary, images: each } = await negativeLogLikelihood(model, images, { runtime, seed: 4, batch: 3 });
    const bound = await heldOutBound(model, images, { runtime, seed: 4 });
    const nats = 192 * Math.LN2;
    expect(summary.bitsPerDim.mean).toBeCloseTo(bound.bitsPerDim, 5);
    expect(summary.rateBitsPerDim.mean).toBeCloseTo(bound.klNats / nats, 5);
    expect(summary.distortionBitsPerDim.mean).toBeCloseTo(bound.bitsPerDim - bound.klNats / nats, 5);
    expect(Object.keys(summary)).not.toContain("importanceWeightedBitsPerDim");
    expect(each.bitsPerDim).toHaveLength(5);
    each.bitsPerDim.forEach((bits, i) => {
      expect(bits).toBeCloseTo(each.rateBitsPerDim[i] + each.distortionBitsPerDim[i], 10);
    });
    const deviation = Math.sqrt(
      each.bitsPerDim.reduce((sum, bits) => sum + (bits - summary.bitsPerDim.mean) ** 2, 0) / 4,
    );
    expect(summary.bitsPerDim.standardError).toBeCloseTo(deviation / Math.sqrt(5), 10);
  },
);

test("an image is measured the same whatever it is batched with; several samples give a lower bound too", async () => {
  const model = models["super-resolution"];
  const parts = await negativeLogLikelihood(model, images, { runtime, samples: 4, batch: 2 });
  const whole = await negativeLogLikelihood(model, images, { runtime, samples: 4, batch: 5 });
  expect(whole.summary.importanceWeightedBitsPerDim!.mean).toBeLessThan(whole.summary.bitsPerDim.mean);
  for (const name of ["bitsPerDim", "importanceWeightedBitsPerDim"] as const) {
    parts.images[name]!.forEach((bits, i) => {
      expect(bits / whole.images[name]![i]).toBeCloseTo(1, 5);
    });
  }
});

/** A model whose decoder does not look at its latents, and whose posteriors stay `strength` times as far from the prior. */
function deafDecoder(strength: number): TrainedModel {
  const model = tinyModel();
  for (const { layers } of model.parameters.generator.levels) {
    for (const { latent, posterior } of layers) {
      latent.weight.fill(0);
      posterior.conv2.weight.forEach((weight, i, weights) => {
        weights[i] = strength * weight;
      });
    }
  }
  return model;
}

test("where p(x|z) is one number, p(x) is it, and the weighted bound nears it from above as samples grow", async () => {
  const model = deafDecoder(0.7);
  const nats = 192 * Math.LN2;
  const few = await negativeLogLikelihood(model, discs(32), { runtime, batch: 32, samples: 2 });
  const many = await negativeLogLikelihood(model, discs(32), { runtime, batch: 32, samples: 64 });
  const [rate, exact] = [many.summary.rateBitsPerDim.mean * nats, many.summary.distortionBitsPerDim.mean * nats];
  const gap = ({ summary }: Likelihood) => summary.importanceWeightedBitsPerDim!.mean * nats - exact;
  expect(rate).toBeGreaterThan(0.5); // the plain bound's gap
  expect(gap(few)).toBeLessThan(0.9 * rate);
  expect(gap(few)).toBeGreaterThan(0.2 * rate);
  expect(Math.abs(gap(many))).toBeLessThan(0.12 * rate);
});

test("weights far apart and far from 1 are averaged exactly", () => {
  expect(importanceWeightedBound(Float64Array.of(-9000, -9000, -9000))).toBe(9000);
  expect(importanceWeightedBound(Float64Array.of(-9000, -20000))).toBeCloseTo(9000 + Math.LN2, 10);
  expect(importanceWeightedBound(Float64Array.of(5, 6, 7.5))).toBeCloseTo(
    -Math.log((Math.exp(5) + Math.exp(6) + Math.exp(7.5)) / 3),
    12,
  );
  expect(importanceWeightedBound(Float64Array.of(-3))).toBe(3);
});

test("progress, a signal, and what is refused", async () => {
  const seen: [number, number][] = [];
  const onProgress = (done: number, count: number) => seen.push([done, count]);
  const { summary } = await negativeLogLikelihood(models.Gaussian, images, { runtime, count: 3, batch: 2, onProgress });
  expect(seen).toEqual([
    [2, 3],
    [3, 3],
  ]);
  expect(summary.count).toBe(3);
  const single = await negativeLogLikelihood(models.Gaussian, images, { runtime, count: 1 });
  expect(single.summary.bitsPerDim.standardError).toBeNull();
  const measure = (options: object, of = images) => negativeLogLikelihood(models.Gaussian, of, { runtime, ...options });
  await expect(measure({ signal: AbortSignal.abort() })).rejects.toThrow("abort");
  await expect(measure({ samples: 0 })).rejects.toThrow("Expected a whole number of posterior samples from 1, got 0.");
  await expect(measure({}, discs(1, { resolution: 16 }))).rejects.toThrow("Expected images of 8×8 pixels");
});
