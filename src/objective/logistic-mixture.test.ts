import { defaultDevice, grad, numpy as np } from "@jax-js/jax";
import { expect, test } from "vitest";
import "../../test/support/all-close.js";
import { relativeDistance } from "../../test/support/distance.js";
import { readGolden, toArray } from "../../test/support/golden.js";
import { centralDifferences } from "../../test/support/gradient-check.js";
import { normal, uniform } from "../random/index.js";
import { logisticMixtureDistortion, logisticMixtureMean, logisticMixtureSample } from "./logistic-mixture.js";

defaultDevice("cpu");

const golden = readGolden("likelihood.safetensors");
const toNchw = (nhwc: np.Array) => nhwc.transpose([0, 3, 1, 2]);
const goldenOutput = () => toNchw(toArray(golden("dmol.params"))); // [3, 100, 8, 8]
const goldenImages = () => toNchw(toArray(golden("dmol.x_u8")).div(127.5).sub(1));

const level = (byte: number) => byte / 127.5 - 1;
const logistic = (x: number) => 1 / (1 + Math.exp(-x));

/** ln of a bin's mass in float64, straight from the definition; good enough where no tail is deep. */
function logMass(byte: number, location: number, logScale: number): number {
  const scaled = (edge: number) => (level(byte) + edge / 255 - location) / Math.exp(Math.max(logScale, -7));
  return Math.log((byte === 255 ? 1 : logistic(scaled(1))) - (byte === 0 ? 0 : logistic(scaled(-1))));
}

/** ln p of one pixel under a mixture given as in the network's output: logits, then per colour means, log-scales, coefficients. */
function logProbability(output: ArrayLike<number>, [red, green, blue]: number[]): number {
  const components = output.length / 10;
  const parameter = (colour: number, kind: number, k: number) => output[components * (1 + 3 * colour + kind) + k];
  const weights = Array.from({ length: components }, (_, k) => Math.exp(output[k]));
  const total = weights.reduce((sum, weight) => sum + weight);
  const probability = weights.map((weight, k) => {
    const coefficient = (colour: number) => Math.tanh(parameter(colour, 2, k));
    const locations = [
      parameter(0, 0, k),
      parameter(1, 0, k) + coefficient(0) * level(red),
      parameter(2, 0, k) + coefficient(1) * level(red) + coefficient(2) * level(green),
    ];
    const mass = [red, green, blue].map((byte, colour) => logMass(byte, locations[colour], parameter(colour, 1, k)));
    return (weight / total) * Math.exp(mass[0] + mass[1] + mass[2]);
  });
  return Math.log(probability.reduce((sum, p) => sum + p));
}

/** A random output of two components for one pixel, wide enough that no tail is deep. */
const twoComponents = () => [...normal([0, 3], 20)].map((z, i) => (i >= 2 && i % 6 >= 4 ? z - 1 : z / 2));

test("exact log-likelihood of the golden images and its gradient", () => {
  const distortion = logisticMixtureDistortion(goldenOutput(), goldenImages());
  const nats = distortion.js() as number[];
  expect(nats.map((value) => -value)).toBeAllClose(golden("dmol.ll_nats_exact").data, { rtol: 1e-6 });
  expect(nats.map((value) => value / (192 * Math.LN2))).toBeAllClose(golden("dmol.bpd_exact").data, { rtol: 1e-6 });
  const gradient = grad((output: np.Array) => logisticMixtureDistortion(output, goldenImages()).sum())(goldenOutput());
  const inNhwc = gradient.transpose([0, 2, 3, 1]).neg().dataSync();
  expect(relativeDistance(inNhwc, golden("dmol.grad_ll_exact").data)).toBeLessThan(2e-5);
});

test.each([[[0, 128, 255]], [[17, 0, 254]], [[255, 255, 1]]])(
  "pixel %j: value and gradient agree with the definition in float64",
  (bytes) => {
    const output = Array.from(new Float32Array(twoComponents()));
    const image = () => np.array(bytes.map(level)).reshape([1, 3, 1, 1]);
    const distortion = (x: np.Array) => logisticMixtureDistortion(x.reshape([1, 20, 1, 1]), image()).sum();
    expect(distortion(np.array(output)).js()).toBeAllClose(-logProbability(output, bytes), { rtol: 1e-5 });
    const reference = centralDifferences((x) => -logProbability(x, bytes), output);
    expect(grad(distortion)(np.array(output)).js()).toBeAllClose(reference, { rtol: 2e-4, atol: 2e-5 });
  },
);

test.each([
  ["wider than the range", 1],
  ["usual", -3],
  ["narrower than a bin", -9],
])("the 256 bytes of red, of green given red, of blue given both share a mass of 1: scales %s", (_, logScale) => {
  const kind = (i: number) => (i < 2 ? "logit" : ["mean", "log-scale", "coefficient"][((i - 2) % 6) >> 1]);
  const output = twoComponents().map((z, i) => (kind(i) === "log-scale" ? logScale + z / 4 : z));
  /** The same with the last colours at byte 0 for certain: what is left is the probability of the others. */
  const without = (colours: number) =>
    output.map((value, i) => {
      if (i < 2 + 6 * (3 - colours) || kind(i) === "coefficient") return value;
      return kind(i) === "mean" ? -100 : -4;
    });
  const probabilities = (parameters: number[], pixels: number[][]) => {
    const image = np.array(pixels.map((pixel) => pixel.map(level))).reshape([pixels.length, 3, 1, 1]);
    const repeated = np.broadcastTo(np.array(parameters).reshape([1, 20, 1, 1]), [pixels.length, 20, 1, 1]);
    return (logisticMixtureDistortion(repeated, image).js() as number[]).map((nats) => Math.exp(-nats));
  };
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
  const likeliest = (values: number[]) => values.indexOf(Math.max(...values));
  const bytes = Array.from({ length: 256 }, (_, byte) => byte);
  const ofRed = probabilities(
    without(2),
    bytes.map((red) => [red, 0, 0]),
  );
  const red = likeliest(ofRed);
  const ofGreen = probabilities(
    without(1),
    bytes.map((green) => [red, green, 0]),
  );
  const green = likeliest(ofGreen);
  const ofBlue = probabilities(
    output,
    bytes.map((blue) => [red, green, blue]),
  );
  expect(sum(ofRed)).toBeCloseTo(1, 5);
  expect(sum(ofGreen) / ofRed[red]).toBeCloseTo(1, 5);
  expect(sum(ofBlue) / ofGreen[green]).toBeCloseTo(1, 5);
});

test("deep tails and extreme parameters give finite values and gradients", () => {
  for (const [mean, rawLogScale, byte] of [
    [5, -100, 0],
    [-5, -100, 255],
    [3, -7, 128],
    [0, 60, 128],
    [1e4, 80, 3],
  ]) {
    const parameters = [mean, rawLogScale, 100];
    const output = np.array([0, ...parameters, ...parameters, ...parameters]).reshape([1, 10, 1, 1]);
    const image = np.full([1, 3, 1, 1], level(byte));
    const distortion = (x: np.Array) => logisticMixtureDistortion(x, image.ref).sum();
    expect(Number.isFinite(distortion(output.ref).js())).toBe(true);
    expect([...grad(distortion)(output).dataSync()].every(Number.isFinite), `gradient at ${parameters}`).toBe(true);
  }
});

test("draws come with the probabilities of the distortion, colour dependence and open edges included", () => {
  const draws = 5000;
  const scales = [-5.5, -6];
  const red = [-0.995, 0.99, ...scales, 0.5, -0.3]; // at the edges of the range
  const green = [0.1, 0.7, ...scales, 0.9, 0.4];
  const blue = [0.3, -0.2, ...scales, -0.6, 0.8];
  const values = Array.from(new Float32Array([0.3, -0.2, ...red, ...green, ...blue]));
  const output = np.broadcastTo(np.array(values).reshape([1, 20, 1, 1]), [1, 20, 1, draws]);
  const noise = np.array(uniform([0, 9], 4 * draws)).reshape([1, 4, 1, draws]);
  const bytes = [...logisticMixtureSample(output, noise).dataSync()].map((value) => (value + 1) * 127.5);
  expect(Math.max(...bytes.map((byte) => Math.abs(byte - Math.round(byte))))).toBeLessThan(1e-4);
  const counts = new Map<string, number>();
  for (let i = 0; i < draws; i++) {
    const pixel = [0, 1, 2].map((colour) => Math.round(bytes[colour * draws + i])).join();
    counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
  }
  const frequent = [...counts].filter(([, count]) => count > 25);
  expect(frequent.length).toBeGreaterThan(20);
  for (const [pixel, count] of frequent) {
    const expected = draws * Math.exp(logProbability(values, pixel.split(",").map(Number)));
    expect(Math.abs(count - expected), `count of ${pixel}, expected ${expected}`).toBeLessThan(5 * Math.sqrt(expected));
  }
});

test("components are drawn by their weights", () => {
  const location = [-0.5, 0, 0.5];
  const colour = [...location, -7, -7, -7, 0, 0, 0];
  const weights = [0.2, 0.5, 0.3];
  const parameters = [...weights.map(Math.log), ...colour, ...colour, ...colour];
  const u = [0.0001, 0.1999, 0.2001, 0.6999, 0.7001, 0.9999];
  const output = np.broadcastTo(np.array(parameters).reshape([1, 30, 1, 1]), [1, 30, 1, u.length]);
  const noise = np.array([...u, ...new Array(3 * u.length).fill(0.5)]).reshape([1, 4, 1, u.length]);
  const red = [...logisticMixtureSample(output, noise).dataSync()].slice(0, u.length);
  expect(red.map((value) => Math.round(value * 2) / 2)).toEqual([-0.5, -0.5, 0, 0, 0.5, 0.5]);
});

test("the mean weighs the components' locations, colour dependence included, each kept in range", () => {
  const atanhHalf = Math.atanh(0.5);
  const [red, green, blue] = [
    [0.4, 3],
    [0.1, 0],
    [-0.2, 0.1],
  ];
  const colour = (means: number[]) => [...means, -5, -5, atanhHalf, atanhHalf];
  const output = np.array([Math.log(0.75), Math.log(0.25), ...colour(red), ...colour(green), ...colour(blue)]);
  const first = [0.4, 0.1 + 0.2, -0.2 + 0.2 + 0.15];
  const second = [1, 0.5, 0.1 + 0.5 + 0.25];
  const mean = logisticMixtureMean(output.reshape([1, 20, 1, 1]));
  expect(mean.flatten().js()).toBeAllClose(first.map((value, c) => 0.75 * value + 0.25 * second[c]));
});

test("a wrong number of channels is named", () => {
  expect(() => logisticMixtureMean(np.zeros([1, 6, 2, 2]))).toThrow(
    "logistic mixture: expected output channels in tens, one ten a component, got 6",
  );
});
