/** @file The model against the authors': every intermediate value of a training step, and samples, from the golden files. */
import { numpy as np } from "@jax-js/jax";
import { describe, expect, test } from "vitest";
import { guide } from "../../src/inference/programs/guidance.js";
import {
  attentionPlaces,
  draw,
  encode,
  groups,
  initialState,
  posterior,
  residualBlock,
  topDown,
} from "../../src/model/index.js";
import { maxRelativeError } from "../support/distance.js";
import { evaluate, HostArray } from "../support/evaluate.js";
import { fixture, fixtureNames, host } from "../support/fixtures.js";
import type { Golden } from "../support/golden.js";

/** Largest deviation of outputs and samples, relative to the largest value (fixtures' README). */
const LIMIT = 2e-5;

// biome-ignore lint/suspicious/noApproximativeNumericConstant: the rounded constant of the authors' code
const variance = (raw: number) => Math.log1p(Math.exp(0.693 * raw)) / 0.693;

/** Mean and variance in the first channels [mean | raw variance | …] of a golden [N, C, r, r] block output. */
function goldenGaussian({ shape, data }: Golden, channels: number) {
  const image = data.length / shape[0];
  const part = channels * shape[2] * shape[3];
  const pick = (start: number) =>
    Float64Array.from({ length: shape[0] * part }, (_, i) => data[Math.floor(i / part) * image + start + (i % part)]);
  return { mean: pick(0), variance: pick(part).map(variance) };
}

describe.each(fixtureNames)("%s", (name) => {
  const { model, parameters, batch, noise, sampleNoise, step, debug, sample } = fixture(name);
  const count = batch.images.shape[0];
  const near = (actual: HostArray, expected: ArrayLike<number>, what: string, limit = LIMIT) =>
    expect(maxRelativeError(actual.data, expected), what).toBeLessThan(limit);

  test("the training pass: activations, priors, posteriors, hidden states and output", async () => {
    type Seen = Record<"hidden" | "priorMean" | "priorVariance" | "posteriorMean" | "posteriorVariance", np.Array>;
    const pass = (p: On<typeof parameters>, b: On<typeof batch>, latents: np.Array[]) => {
      const activations = encode(p.encoder, model, b.images.ref, b.labels);
      const seen: Seen[] = [];
      const { lowResolution, droppedLabels: labels } = b;
      const output = topDown(p, model, {
        initial: initialState(p, { count, lowResolution, labels }),
        labels,
        chooseLatent: (group, prior, hidden) => {
          const q = posterior(p, group, hidden, activations, b.labels);
          seen[group.index] = {
            hidden: hidden.ref,
            priorMean: prior.mean,
            priorVariance: prior.variance,
            posteriorMean: q.mean.ref,
            posteriorVariance: q.variance.ref,
          };
          return draw(q, latents[group.index]);
        },
      });
      return { activations, seen, output };
    };
    const { activations, seen, output } = await evaluate(pass, parameters, batch, noise);
    activations.forEach((activation, level) => {
      const fromTop = activations.length - 1 - level;
      near(activation, debug(`enc.acts.${fromTop}`).data, `encoder activations of level ${level}`);
    });
    for (const { index, channels, level, layer } of groups(model)) {
      for (const kind of ["prior", "posterior"] as const) {
        const golden = goldenGaussian(debug(`group.${index}.${kind}_out`), channels);
        near(seen[index][`${kind}Mean`], golden.mean, `${kind} mean of group ${index}`);
        near(seen[index][`${kind}Variance`], golden.variance, `${kind} variance of group ${index}`);
      }
      if (layer > 0) {
        const places = attentionPlaces(model.levels[level].stochasticLayers, model.levels[level].attention).generator;
        if (!places.includes(layer - 1))
          near(seen[index].hidden, debug(`group.${index - 1}.x_out`).data, `state before group ${index}`);
      } else if (level > 0) {
        near(seen[index].hidden, debug(`level.${level - 1}.x_out`).data, `state before level ${level}`);
      } else if (model.superResolution) {
        near(seen[index].hidden, debug("lowres_unet.out").data, "output of the U-Net");
      }
    }
    near(output, step("model_out").data, "output");
  });

  test("the final blocks, one by one", async () => {
    for (const [index, block] of parameters.generator.finalBlocks.entries()) {
      const before = index === 0 ? `level.${model.levels.length - 1}.x_out` : `output_block.${index - 1}.out`;
      const after = await evaluate(
        residualBlock as (p: On<typeof block>, x: np.Array) => np.Array,
        block,
        host(debug(before)),
      );
      near(after, debug(`output_block.${index}.out`).data, `final block ${index}`);
    }
  });

  /** The mean image of a pass over the prior; with weights, guided by the null label in the other half of the batch. */
  function draws(temperature: number, weights?: [mean: number, variance: number]) {
    const streams = weights ? 2 : 1;
    return (p: On<typeof parameters>, latents: np.Array[], labels?: np.Array, lowResolution?: np.Array) => {
      const twice = (x?: np.Array) => (x && weights ? np.concatenate([x.ref, x], 0) : x);
      const seen = labels && weights ? np.concatenate([labels, np.array(nullLabels())], 0) : labels;
      const output = topDown(p, model, {
        initial: initialState(p, { count: streams * count, lowResolution: twice(lowResolution), labels: seen }),
        labels: seen,
        chooseLatent: ({ index }, prior) => {
          const eps = latents[index].mul(temperature);
          if (!weights) return draw(prior, eps);
          const [mean, meanNull] = np.split(prior.mean, 2, 0);
          const [variance, varianceNull] = np.split(prior.variance, 2, 0);
          const pair = { mean: np.array([weights[0]]), variance: np.array([weights[1]]) };
          const { guided } = guide({ mean, variance }, { mean: meanNull, variance: varianceNull }, pair);
          return twice(draw(guided, eps))!;
        },
      });
      return np.split(np.split(output, streams, 0)[0], 2, 1)[0]; // the mean of the conditional half
    };
  }
  const nullLabels = () => new Int32Array(count).fill(model.classes);
  const labels = model.classes > 0 ? host(sample("label")) : undefined;
  const lowResolution = model.superResolution ? host(sample("img_lr_augmented")) : undefined;
  const guided: [string, number, [number, number]][] = [
    ["m1.5_v5", 1, [1.5, 5]],
    ["m0.5_v0", 1, [0.5, 0]],
    ["m0_v2", 1, [0, 2]],
    ["m1.5_v5_T0.7", 0.7, [1.5, 5]],
  ];

  test.each([
    ["unguided", 1, undefined],
    ["unguided_T0.7", 0.7, undefined],
    ...(model.classes > 0 ? guided : []),
  ] as const)("samples: %s", async (which, temperature, weights) => {
    const images = await evaluate(
      draws(temperature, weights as [number, number] | undefined),
      parameters,
      sampleNoise(),
      labels,
      lowResolution,
    );
    near(images, sample(`out.${which}`).data, which);
  });

  test.runIf(model.classes > 0)("samples without label", async () => {
    const none = new HostArray(nullLabels(), [count]);
    near(
      await evaluate(draws(1), parameters, sampleNoise(), none, lowResolution),
      sample("out.null_label").data,
      "null label",
    );
  });
});

/** The arrays that stand for host data within an evaluated function. */
type On<T> = T extends HostArray ? np.Array : T extends object ? { [K in keyof T]: On<T[K]> } : T;
