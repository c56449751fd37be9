import { expect, test } from "vitest";
import { discs } from "../../../test/support/tiny.js";
import { normal } from "../../random/index.js";
import { diffusionInformation, imageSpectrum, signalToNoise, threeEigenvalues } from "./diffusion-information.js";

test("the schedule is the one of Ho et al.: 0.9999 of the signal is left at first, 4.04e-5 at last", () => {
  const snr = signalToNoise();
  expect(snr).toHaveLength(1000);
  expect(snr[0]).toBeCloseTo(9999, 6);
  expect(snr[999] / (1 + snr[999])).toBeCloseTo(4.0358e-5, 8);
});

test("information of one Gaussian dimension, and of several, by the formula", () => {
  const snr = signalToNoise();
  const one = diffusionInformation(Float64Array.of(0.25));
  expect(one.informationNats).toBeCloseTo(0.5 * Math.log(1 + 9999 * 0.25), 9);
  expect(one.label).toBe("diffusion, linear schedule, closed form for Gaussian data");
  expect(one.cumulativeShare).toHaveLength(1000);
  expect(one.cumulativeShare[0]).toBeCloseTo((0.5 * Math.log(1 + 0.25 * snr[999])) / one.informationNats, 9);
  expect(one.cumulativeShare[300]).toBeCloseTo((0.5 * Math.log(1 + 0.25 * snr[699])) / one.informationNats, 9);
  expect(one.cumulativeShare[999]).toBe(1);
  expect(one.cumulativeShare.every((share, i) => i === 0 || share > one.cumulativeShare[i - 1])).toBe(true);
  const three = diffusionInformation(Float64Array.of(4, 0.25, 0));
  const [large, none] = [diffusionInformation(Float64Array.of(4)), diffusionInformation(Float64Array.of(0))];
  expect(three.informationNats).toBeCloseTo(large.informationNats + one.informationNats, 9);
  expect(none.cumulativeShare.every((share) => share === 0)).toBe(true);
});

test("eigenvalues of symmetric 3×3 matrices: diagonal, repeated, and of rank one", () => {
  expect(threeEigenvalues([2, 5, -1, 0, 0, 0])).toEqual([
    expect.closeTo(5, 12),
    expect.closeTo(2, 12),
    expect.closeTo(-1, 12),
  ]);
  expect(threeEigenvalues([3, 3, 3, 0, 0, 0])).toEqual([3, 3, 3]);
  const grey = threeEigenvalues([1, 1, 1, 1, 1, 1]);
  expect(grey[0]).toBeCloseTo(3, 12);
  expect(Math.max(Math.abs(grey[1]), Math.abs(grey[2]))).toBeLessThan(1e-7);
  const [a, b, c] = threeEigenvalues([2, 3, 4, 1, -0.5, 0.3]);
  expect(a + b + c).toBeCloseTo(9, 12);
  expect(a * b * c).toBeCloseTo(2 * (12 - 0.09) - 1 * (4 + 0.15) - 0.5 * (0.3 + 1.5), 10);
  expect(a * b + a * c + b * c).toBeCloseTo(6 + 8 + 12 - 1 - 0.25 - 0.09, 10);
});

test("the spectrum has all of the pixels' variance", () => {
  const images = discs(40);
  const variance = Array.from({ length: 192 }, (_, pixel) => {
    const values = Array.from({ length: 40 }, (_, i) => images.images[i * 192 + pixel] / 127.5 - 1);
    const mean = values.reduce((sum, value) => sum + value) / 40;
    return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 40;
  });
  const total = variance.reduce((sum, value) => sum + value);
  const spectrum = imageSpectrum(images);
  expect(spectrum).toHaveLength(192);
  expect(spectrum.reduce((sum, value) => sum + value)).toBeCloseTo(total, 9);
});

test("a cosine pattern of random strength, in one colour direction, is one eigenvalue at its frequency", () => {
  const [count, side, row, column] = [64, 8, 2, 3];
  const colour = [0.8, -0.5, 0.3];
  const strengths = normal([0, 4], count);
  const images = new Uint8Array(count * 3 * side * side);
  const wave = (k: number, n: number) => Math.cos((Math.PI * k * (n + 0.5)) / side);
  for (let place = 0; place < images.length; place++) {
    const [image, channel, y, x] = [192, 64, 8, 1].map((size, i) => Math.floor(place / size) % [count, 3, 8, 8][i]);
    images[place] = 128 + Math.round(40 * strengths[image] * colour[channel] * wave(row, y) * wave(column, x));
  }
  const spectrum = imageSpectrum({ images, count, resolution: side });
  const mean = strengths.reduce((sum, value) => sum + value, 0) / count;
  const variance = strengths.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
  const expected = variance * (40 / 127.5) ** 2 * (0.64 + 0.25 + 0.09) * (side / 2) ** 2; // each cosine's norm is √(side / 2)
  expect(spectrum[3 * (row * side + column)] / expected).toBeCloseTo(1, 2);
  expect([...spectrum].filter((value) => value > 1e-3 * expected)).toHaveLength(1);
});
