import { numpy as np } from "@jax-js/jax";
import { afterAll, beforeAll, expect, test } from "vitest";
import { compile, map, Runtime, type Spec, spec } from "../engine/index.js";
import { initialise, type ParameterSpec } from "../model/index.js";
import { logisticMixtureDistortion } from "../objective/logistic-mixture.js";
import { normal, uniform } from "../random/index.js";
import { codeLength, type Decoded, drawWave, type PixelInputs, waveCount } from "./head.js";
import { type HeadName, type HeadWeights, headNames, headOf } from "./heads.js";

let runtime: Runtime;
beforeAll(() => {
  runtime = new Runtime({ threads: 1 });
});
afterAll(() => runtime.dispose());

const FEATURES = 4;
const byte = (value: number) => value / 127.5 - 1;
const randomBytes = (seed: number, count: number) =>
  uniform([0, seed], count).map((u) => byte(Math.min(255, Math.floor(256 * u))));
const shapes = (name: HeadName, resolution: number) =>
  headOf(name).parameters({ features: FEATURES, resolution }) as Record<string, ParameterSpec>;

/** A function of a head with random weights, compiled. */
async function ofHead<Inputs extends object>(
  name: HeadName,
  resolution: number,
  fn: (parameters: never, inputs: never) => np.Array,
  inputs: Inputs,
) {
  const parameters = shapes(name, resolution);
  const specs = map<unknown, unknown>(parameters, (leaf) => spec((leaf as ParameterSpec).shape));
  const program = await compile(fn as never, [specs, inputs] as const, {
    runtime,
    constants: [initialise(parameters, 5)],
  });
  return (given: unknown) => (program.run as (inputs: unknown) => Promise<Float32Array>)(given);
}

const decodedSpecs = (n: number, r: number): Decoded<Spec> => ({
  features: spec([n, FEATURES, r, r]),
  mean: spec([n, 3, r, r]),
});
const decoded = (n: number, r: number, seed = 1): Decoded<Float32Array> => ({
  features: normal([seed, 1], n * FEATURES * r * r),
  mean: normal([seed, 2], n * 3 * r * r).map((z) => z / 3),
});
/** The mixtures of pixels with what the decoder says, [N, 50, R, R]. */
const mixtures = (name: HeadName, n: number, r: number) =>
  ofHead(
    name,
    r,
    (parameters: HeadWeights<np.Array>, { features, mean, images }: Decoded & { images: np.Array }) => {
      const head = headOf(name);
      const context = head.context(parameters, { features, mean: mean.ref });
      return head.mixture(parameters, { context, mean, images });
    },
    { ...decodedSpecs(n, r), images: spec([n, 3, r, r]) },
  );

test.each(headNames)(
  "%s: a changed pixel changes the mixtures of no pixel before it, nor its own, nor of its wave",
  async (name) => {
    const [r, head] = [8, headOf(name)];
    const given = decoded(1, r);
    const run = await mixtures(name, 1, r);
    const images = randomBytes(3, 3 * r * r);
    const before = await run({ ...given, images });
    const changedBy = async (place: number, colour: number) => {
      const other = Float32Array.from(images);
      other[colour * r * r + place] = -other[colour * r * r + place];
      const after = await run({ ...given, images: other });
      const places = after.map((value, i) => (value === before[i] ? -1 : i % (r * r)));
      return new Set(places.filter((at) => at >= 0));
    };
    const wave = (place: number) => head.wave(Math.floor(place / r), place % r);
    let reached = 0;
    for (const place of [0, 7, 8, 12, 27, 36, 62, 63]) {
      for (const colour of [0, 1, 2]) {
        const changed = await changedBy(place, colour);
        for (const at of changed) expect(at, `${at} changed by ${place}`).toBeGreaterThan(place);
        for (const at of changed) expect(wave(at)).toBeGreaterThan(wave(place));
        reached += changed.size;
        // whatever the right neighbour and those below know of, they know
        const neighbours = [place + 1, place + r].filter((at) => at < r * r && (at !== place + 1 || at % r > 0));
        if (name === "autoregressive") expect([...changed]).toEqual(expect.arrayContaining(neighbours));
      }
    }
    expect(reached > 0).toBe(name === "autoregressive");
  },
);

const logistic = (x: number) => 1 / (1 + Math.exp(-x));

/** Masses of all bytes under a logistic, in float64. */
const masses = (location: number, logScale: number) => {
  const at = (edge: number) => logistic((edge - location) / Math.exp(Math.max(logScale, -7)));
  return Array.from({ length: 256 }, (_, k) => {
    const [low, high] = [byte(k) - 1 / 255, byte(k) + 1 / 255];
    return (k === 255 ? 1 : at(high)) - (k === 0 ? 0 : at(low));
  });
};

test.each(headNames)(
  "%s: the probabilities of a pixel sum to 1, colour after colour, and are those of its code (float64)",
  async (name) => {
    const r = 4;
    const given = decoded(1, r);
    const images = randomBytes(4, 3 * r * r);
    const parameters = await (await mixtures(name, 1, r))({ ...given, images });
    const lengths = await ofHead(
      name,
      r,
      (weights: HeadWeights<np.Array>, { images: x, ...rest }: Decoded & { images: np.Array }) =>
        codeLength(headOf(name), weights, rest, x),
      { ...decodedSpecs(1, r), images: spec([1, 3, r, r]) },
    );
    const [nats] = await lengths({ ...given, images });
    let total = 0;
    for (let place = 0; place < r * r; place++) {
      const of = (channel: number) => parameters[channel * r * r + place];
      const x = [0, 1, 2].map((colour) => images[colour * r * r + place]);
      const weights = Array.from({ length: 5 }, (_, k) => Math.exp(of(k)));
      const sum = weights.reduce((a, b) => a + b);
      const components = weights.map((weight, k) => {
        const parameter = (colour: number, kind: number) => of(5 + 15 * colour + 5 * kind + k);
        const c = [0, 1, 2].map((colour) => Math.tanh(parameter(colour, 2)));
        const locations = [parameter(0, 0), parameter(1, 0) + c[0] * x[0], parameter(2, 0) + c[1] * x[0] + c[2] * x[1]];
        return {
          weight: weight / sum,
          masses: locations.map((location, colour) => masses(location, parameter(colour, 1))),
        };
      });
      let known = components.map(({ weight }) => weight); // joint with the colours so far
      for (let colour = 0; colour < 3; colour++) {
        const probability = known.reduce((a, b) => a + b);
        const ofBytes = Array.from({ length: 256 }, (_, k) =>
          components.reduce((all, { masses: own }, component) => all + known[component] * own[colour][k], 0),
        );
        expect(ofBytes.reduce((a, b) => a + b) / probability).toBeCloseTo(1, 12);
        const level = Math.round((x[colour] + 1) * 127.5);
        known = known.map((weight, component) => weight * components[component].masses[colour][level]);
      }
      total -= Math.log(known.reduce((a, b) => a + b));
    }
    expect(nats / total).toBeCloseTo(1, 5);
  },
);

/** All images of so many pixels with levels from −1 to 1, [levels^(3 pixels), 3, pixels]. */
function allImages(pixels: number, levels: number): Float32Array {
  const colours = 3 * pixels;
  const count = levels ** colours;
  const value = (image: number, at: number) => (2 * (Math.floor(image / levels ** at) % levels)) / (levels - 1) - 1;
  return Float32Array.from({ length: count * colours }, (_, i) => value(Math.floor(i / colours), i % colours));
}

/** exp(−code length) of every image of 2×2, with 2 or 4 levels. */
const probabilities = (name: HeadName, n: number, levels: number) =>
  ofHead(
    name,
    2,
    (weights: HeadWeights<np.Array>, { images, ...rest }: Decoded & { images: np.Array }) =>
      np.exp(codeLength(headOf(name), weights, rest, images, levels).neg()),
    { ...decodedSpecs(n, 2), images: spec([n, 3, 2, 2]) },
  );
const repeated = (values: Float32Array, times: number) =>
  Float32Array.from({ length: times * values.length }, (_, i) => values[i % values.length]);
const many = (one: Decoded<Float32Array>, times: number) => ({
  features: repeated(one.features, times),
  mean: repeated(one.mean, times),
});
const sum = (values: ArrayLike<number>) => Array.from(values).reduce((total, value) => total + value, 0);

test.each(headNames)("%s: the probabilities of all images of 2×2 pixels with two levels sum to 1", async (name) => {
  const images = allImages(4, 2);
  const run = await probabilities(name, 4096, 2);
  expect(sum(await run({ ...many(decoded(1, 2), 4096), images }))).toBeCloseTo(1, 4);
});

test.each(headNames)(
  "%s: with four levels, all lower rows together have the probability of the upper row alone",
  async (name) => {
    const head = headOf(name);
    const given = decoded(1, 2);
    const rows = allImages(2, 4);
    const upper = [1, -1, 1 / 3, -1 / 3, 1 / 3, 1].map(Math.fround); // two pixels of three colours
    const images = Float32Array.from({ length: 4096 * 12 }, (_, i) => {
      const [image, colour, place] = [Math.floor(i / 12), Math.floor((i % 12) / 4), i % 4];
      return place < 2 ? upper[2 * colour + place] : rows[6 * image + 2 * colour + place - 2];
    });
    const total = sum(await (await probabilities(name, 4096, 4))({ ...many(given, 4096), images }));
    const upperRow = await ofHead(
      name,
      2,
      (weights: HeadWeights<np.Array>, { features, mean, images: row }: Decoded & { images: np.Array }) => {
        const top = (x: np.Array) => np.split(x, 2, 2)[0];
        const context = top(head.context(weights, { features, mean: mean.ref }));
        return np.exp(
          logisticMixtureDistortion(head.mixture(weights, { context, mean: top(mean), images: row.ref }), row, 4).neg(),
        );
      },
      { ...decodedSpecs(1, 2), images: spec([1, 3, 1, 2]) },
    );
    const [alone] = await upperRow({ ...given, images: Float32Array.from(upper) });
    expect(alone).toBeGreaterThan(1e-9);
    expect(total / alone).toBeCloseTo(1, 4);
  },
);

test.each(headNames)(
  "%s: rate + code length is never below −ln p(x) added up over the latents, and is it for the true posterior",
  async (name) => {
    const latents = [decoded(1, 2, 1), decoded(1, 2, 2), decoded(1, 2, 3)]; // a toy of three latents
    const prior = [0.5, 0.3, 0.2];
    const run = await probabilities(name, 1, 4);
    const pixels = uniform([8, 8], 120).map((u) => (2 * Math.floor(4 * u)) / 3 - 1);
    for (let image = 0; image < 10; image++) {
      const images = pixels.slice(12 * image, 12 * image + 12);
      const likelihoods: number[] = [];
      for (const each of latents) likelihoods.push((await run({ ...each, images }))[0]);
      const evidence = sum(prior.map((weight, z) => weight * likelihoods[z]));
      const bound = (q: number[]) =>
        sum(q.map((share, z) => share * (-Math.log(likelihoods[z]) + Math.log(share / prior[z]))));
      expect(bound(prior.map((weight, z) => (weight * likelihoods[z]) / evidence))).toBeCloseTo(-Math.log(evidence), 8);
      expect(bound([0.2, 0.2, 0.6])).toBeGreaterThan(-Math.log(evidence));
    }
  },
);

test.each(headNames)("%s: no untrained head beats the eight bits of uniformly random bytes", async (name) => {
  const [n, r] = [32, 8];
  const run = await ofHead(
    name,
    r,
    (weights: HeadWeights<np.Array>, { images, ...rest }: Decoded & { images: np.Array }) =>
      codeLength(headOf(name), weights, rest, images),
    { ...decodedSpecs(n, r), images: spec([n, 3, r, r]) },
  );
  for (const seed of [1, 2, 3]) {
    const nats = await run({ ...decoded(n, r, seed), images: randomBytes(seed + 10, n * 3 * r * r) });
    expect(sum(nats) / (n * 3 * r * r * Math.LN2)).toBeGreaterThan(8);
  }
});

test.each(headNames)(
  "%s: drawn wave by wave, every pixel is what its mixture gives for its noise, all others known",
  async (name) => {
    const [n, r, head] = [2, 8, headOf(name)];
    const given = decoded(n, r);
    const context = await (
      await ofHead(
        name,
        r,
        (weights: HeadWeights<np.Array>, inputs: Decoded) => head.context(weights, inputs),
        decodedSpecs(n, r),
      )
    )(given);
    const noise = uniform([2, 9], n * 4 * r * r);
    const inputs: PixelInputs<Spec> & { noise: Spec; wave: Spec } = {
      ...{
        context: spec([n, context.length / (n * r * r), r, r]),
        mean: spec([n, 3, r, r]),
        images: spec([n, 3, r, r]),
      },
      ...{ noise: spec([n, 4, r, r]), wave: spec([1]) },
    };
    const draw = await ofHead(
      name,
      r,
      (weights: HeadWeights<np.Array>, wave: never) => drawWave(head, weights, wave),
      inputs,
    );
    let images: Float32Array = new Float32Array(n * 3 * r * r);
    const waves = waveCount(head, r);
    expect(waves).toBe(name === "independent" ? 1 : 3 * r - 2);
    for (let wave = 0; wave < waves; wave++) {
      images = await draw({ context, mean: given.mean, images, noise, wave: Float32Array.of(wave) });
    }
    const levels = images.map((x) => (x + 1) * 127.5);
    expect(Math.max(...levels.map((x) => Math.abs(x - Math.round(x))))).toBeLessThan(1e-4);
    for (let wave = 0; wave < waves; wave++) {
      const again = await draw({ context, mean: given.mean, images, noise, wave: Float32Array.of(wave) });
      expect(again).toEqual(images);
    }
  },
);
