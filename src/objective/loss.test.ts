import { makeJaxpr, type numpy as np } from "@jax-js/jax";
import { expect, test } from "vitest";
import { evaluate, HostArray } from "../../test/support/evaluate.js";
import { type Config, parseConfig, resolvePreset } from "../config/index.js";
import {
  groups,
  initialise,
  type ModelParameters,
  mapParameters,
  modelParameters,
  parameterEntries,
} from "../model/index.js";
import { keyFromSeed, normal } from "../random/index.js";
import type { ModelInputs } from "./auto-encode.js";
import { informationShares } from "./information-schedule.js";
import { lossAndGradients, type SpectralVectors, spectralVectorLengths } from "./loss.js";
import { outputChannels } from "./output-layers.js";

/** A model of two levels that takes no time. */
function tiny(objective: object): Config {
  return parseConfig(
    {
      ...resolvePreset("emoji32-small"),
      model: {
        resolution: 8,
        latentChannels: 2,
        finalBlocks: 1,
        levels: [4, 8].map((resolution) => ({ resolution, channels: 8, encoderBlocks: 1, stochasticLayers: 1 })),
      },
      objective,
    },
    { source: "a test" },
  );
}

/** Loss, parts and gradients of a tiny model at its start, for two images. */
function start(objective: object) {
  const config = tiny(objective);
  const specs = modelParameters(config.model, outputChannels(config.objective));
  const shapes = new Map(parameterEntries(specs).map(([path, { shape }]) => [path, shape]));
  const parameters = mapParameters(initialise(specs, 1), (data, path) => new HostArray(data, shapes.get(path)!));
  const vector = (length: number) => new HostArray(normal(keyFromSeed(2), length), [length]);
  const vectors = spectralVectorLengths(config.model).map(({ prior, posterior }) => ({
    prior: vector(prior),
    posterior: vector(posterior),
  }));
  const bytes = Float32Array.from({ length: 2 * 3 * 64 }, (_, i) => ((i * 37) % 256) / 127.5 - 1);
  const noise = groups(config.model).map(({ shape }, i) => {
    const size = 2 * shape[0] * shape[1] * shape[2];
    return new HostArray(normal(keyFromSeed(10 + i), size), [2, ...shape]);
  });
  return evaluate(
    (p: ModelParameters<np.Array>, u: SpectralVectors[], b: ModelInputs, eps: np.Array[]) =>
      lossAndGradients(p, u, b, eps, config),
    parameters,
    vectors,
    { images: new HostArray(bytes, [2, 3, 8, 8]) },
    noise,
  );
}

test.each(["gaussian", "logistic-mixture"])(
  "%s output: finite loss and gradients from the start on",
  async (output) => {
    const { loss: value, aux, gradients } = await start({ output });
    expect(Number.isFinite(value.data[0])).toBe(true);
    expect(aux.distortionNats.data[0]).toBeGreaterThan(0);
    for (const [path, { data }] of parameterEntries(gradients)) {
      expect(Array.from(data).every(Number.isFinite), path).toBe(true);
    }
    const output0 = gradients.generator.output.weight;
    expect(output0.shape[0]).toBe(output === "gaussian" ? 6 : 100);
    expect(output0.data.some((slope) => slope !== 0)).toBe(true);
  },
);

test("the loss is what its parts add up to", async () => {
  const { loss: value, aux } = await start({ spectralWeight: 0.3 });
  const mean = ({ data }: HostArray) => (data[0] + data[1]) / 2;
  expect(value.data[0]).toBeCloseTo(
    mean(aux.distortionNats) + mean(aux.klWeightedNats) + 0.3 * aux.spectral.data[0],
    2,
  );
});

test("without the schedule every γ is 1 and the rate counts as it is", async () => {
  const { aux } = await start({ informationSchedule: "off" });
  expect(aux.gamma.data).toEqual(new Float32Array(4).fill(1));
  const total = [0, 1].map((image) => aux.klNats.data[image] + aux.klNats.data[2 + image]);
  expect(aux.klWeightedNats.data[0] / total[0]).toBeCloseTo(1, 5);
  expect(aux.klWeightedNats.data[1] / total[1]).toBeCloseTo(1, 5);
  expect(informationShares(tiny({ informationSchedule: "off" }))).toBeNull();
});

test("shares: geometric over the groups, or by resolution", () => {
  const geometric = informationShares(resolvePreset("cifar10"))!;
  expect(geometric).toHaveLength(39);
  expect(geometric[38] / geometric[0]).toBeCloseTo(1010 / 11);
  const byResolution = informationShares(resolvePreset("imagenet64-superres"))!;
  expect(byResolution[39] / byResolution[0]).toBeCloseTo(2);
});

test("the published model and its gradients are traced from shapes alone", () => {
  const config = resolvePreset("cifar10");
  /** What jax-js takes for an array while tracing: any instance of a class with these fields. */
  class Abstract {
    readonly dtype = "float32";
    readonly weakType = false;
    constructor(readonly shape: number[]) {}
  }
  const abstract = (...shape: number[]) => new Abstract(shape) as unknown as np.Array;
  const { jaxpr } = makeJaxpr((p: ModelParameters<np.Array>, u: SpectralVectors[], images: np.Array, eps: np.Array[]) =>
    lossAndGradients(p, u, { images }, eps, config),
  )(
    mapParameters(modelParameters(config.model, 6), ({ shape }) => abstract(...shape)),
    spectralVectorLengths(config.model).map(({ prior, posterior }) => ({
      prior: abstract(prior),
      posterior: abstract(posterior),
    })),
    abstract(4, 3, 32, 32),
    groups(config.model).map(({ shape }) => abstract(4, ...shape)),
  );
  expect(jaxpr.jaxpr.outs[0].aval.shape).toEqual([]); // the loss
  expect(jaxpr.jaxpr.outs.length).toBeGreaterThan(664); // and a gradient for every parameter
});
