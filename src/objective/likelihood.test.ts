import { defaultDevice, grad, numpy as np } from "@jax-js/jax";
import { expect, test } from "vitest";
import "../../test/support/all-close.js";
import { readGolden, toArray } from "../../test/support/golden.js";
import { gaussianLogBinMass, gaussianLogLikelihood } from "./likelihood.js";

defaultDevice("cpu");

const golden = readGolden("likelihood.safetensors");
const images = (set: string) =>
  toArray(golden(`${set}.x_u8`))
    .div(127.5)
    .sub(1);
const read = (name: string) => toArray(golden(name));

test.each([
  ["gauss", 1.3e-5],
  ["gauss_extreme", 3e-4],
])("log-mass of every pixel and the sums of %s equal the golden ones", (set, rtol) => {
  const [mean, logVariance] = [read(`${set}.mean`), read(`${set}.logvar`)];
  const logMass = gaussianLogBinMass(images(set), mean.ref, logVariance.ref);
  expect(logMass.dataSync()).toBeAllClose(golden(`${set}.logp`).data, { rtol, atol: 3e-7 });
  const nats = gaussianLogLikelihood(np.concatenate([mean, logVariance], 1), images(set)).js() as number[];
  expect(nats).toBeAllClose(golden(`${set}.ll_nats`).data, { rtol: 2e-6 });
  expect(nats.map((value) => -value / (192 * Math.LN2))).toBeAllClose(golden(`${set}.bpd`).data, { rtol: 2e-6 });
});

const level = (byte: number) => byte / 127.5 - 1;

/** Log-mass by Simpson's rule on the density, in float64, factored so that it cannot underflow; open ends cut at 40 deviations. */
function integrate(byte: number, mean: number, deviation: number): number {
  const from = byte === 0 ? Math.min(mean, 0) - 40 * deviation - 2 : level(byte) - 1 / 255;
  const to = byte === 255 ? Math.max(mean, 0) + 40 * deviation + 2 : level(byte) + 1 / 255;
  const exponent = (x: number) => -0.5 * ((x - mean) / deviation) ** 2;
  const peak = exponent(Math.min(Math.max(mean, from), to));
  const steps = 20_000;
  const step = (to - from) / steps;
  let sum = 0;
  for (let i = 0; i <= steps; i++) {
    const weight = i === 0 || i === steps ? 1 : 2 + 2 * (i % 2);
    sum += weight * Math.exp(exponent(from + i * step) - peak);
  }
  return peak + Math.log((sum * step) / 3) - Math.log(deviation * Math.sqrt(2 * Math.PI));
}

const points = [0, 1, 100, 128, 254, 255].flatMap((byte) =>
  [-1.1, -0.2, level(100), 0.01, 0.9].flatMap((mean) =>
    [0.02, 0.0783, 0.079, 0.5, 8].map((deviation) => [byte, mean, deviation]),
  ),
);

test("value and gradient agree with numerical integration on both sides of every case", () => {
  const logVariances = points.map(([, , deviation]) => Math.fround(2 * Math.log(deviation)));
  const means = points.map(([, mean]) => Math.fround(mean));
  const x = np.array(points.map(([byte]) => level(byte)));
  const exact = (i: number, mean: number, logVariance: number) =>
    integrate(points[i][0], mean, Math.exp(logVariance / 2));
  const value = gaussianLogBinMass(x.ref, np.array(means), np.array(logVariances));
  expect(value.js()).toBeAllClose(
    points.map((_, i) => exact(i, means[i], logVariances[i])),
    { rtol: 1e-5, atol: 3e-6 },
  );
  const [byMean, byLogVariance] = grad(
    (mean: np.Array, logVariance: np.Array) => gaussianLogBinMass(x.ref, mean, logVariance).sum(),
    { argnums: [0, 1] },
  )(np.array(means), np.array(logVariances));
  const slope = (f: (by: number) => number) => (f(1e-4) - f(-1e-4)) / 2e-4;
  const tolerance = { rtol: 1e-3, atol: 2e-4 };
  expect(byMean.js()).toBeAllClose(
    points.map((_, i) => slope((by) => exact(i, means[i] + by, logVariances[i]))),
    tolerance,
  );
  expect(byLogVariance.js()).toBeAllClose(
    points.map((_, i) => slope((by) => exact(i, means[i], logVariances[i] + by))),
    tolerance,
  );
});

test("the 256 bins share a mass of 1, for Gaussians far narrower than a bin up to far wider than the range", () => {
  const onEdge = [0, level(100) + 1 / 255];
  const gaussians = [-30, level(100) + 0.3 / 255, 0.9999, ...onEdge].flatMap((mean) =>
    [-80, -14, -11, -5.1, 0, 80].map((logVariance) => [mean, logVariance]),
  );
  // Where the mean lies on an edge, float32 tells its two sides apart to 1e-9: too coarse for the narrowest.
  const cases = gaussians.filter(([mean, logVariance]) => !onEdge.includes(mean) || logVariance > -20);
  const spread = (values: number[]) =>
    np.broadcastTo(np.array(values).reshape([values.length, 1]), [values.length, 256]);
  const x = np.broadcastTo(np.array(Array.from({ length: 256 }, (_, byte) => level(byte))), [cases.length, 256]);
  const [means, logVariances] = [0, 1].map((part) => spread(cases.map((gaussian) => gaussian[part])));
  const logMass = gaussianLogBinMass(x, means, logVariances).js() as number[][];
  const wrong = cases.flatMap((gaussian, i) => {
    const total = logMass[i].reduce((sum, value) => sum + Math.exp(value), 0);
    return Math.abs(total - 1) < 1e-5 ? [] : [{ gaussian, total }];
  });
  expect(wrong).toEqual([]);
});

test("values and gradients stay finite for log-variances and means far beyond any model's", () => {
  const extremes = [0, 1, 128, 255].flatMap((byte) =>
    [-1e6, 0, 0.5, 1e6].flatMap((mean) =>
      [-1000, -150, -60, 60, 1000].map((logVariance) => [level(byte), mean, logVariance]),
    ),
  );
  const [x, mean, logVariance] = [0, 1, 2].map((part) => np.array(extremes.map((point) => point[part])));
  const logMass = gaussianLogBinMass(x.ref, mean.ref, logVariance.ref).js() as number[];
  const [byMean, byLogVariance] = grad((m: np.Array, s: np.Array) => gaussianLogBinMass(x, m, s).sum(), {
    argnums: [0, 1],
  })(mean, logVariance).map((slope) => slope.js() as number[]);
  const infinite = extremes.filter((_, i) => ![logMass[i], byMean[i], byLogVariance[i]].every(Number.isFinite));
  expect(infinite, "image, mean and log-variance of points that are not finite").toEqual([]);
});
