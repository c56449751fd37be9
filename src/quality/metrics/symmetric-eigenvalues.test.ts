import { expect, test } from "vitest";
import "../../../test/support/all-close.js";
import { normal } from "../../random/index.js";
import { symmetricEigenvalues } from "./symmetric-eigenvalues.js";

/** Q D Qᵀ with these eigenvalues, Q a product of random reflections. */
function withSpectrum(spectrum: readonly number[]): Float64Array {
  const size = spectrum.length;
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i++) matrix[i * size + i] = spectrum[i];
  for (let round = 0; round < 3; round++) {
    const u = Float64Array.from(normal([round, 7], size));
    const beta = 2 / u.reduce((sum, x) => sum + x * x, 0);
    for (const [row, column] of [
      [size, 1],
      [1, size],
    ]) {
      for (let i = 0; i < size; i++) {
        let along = 0;
        for (let j = 0; j < size; j++) along += matrix[i * row + j * column] * u[j];
        for (let j = 0; j < size; j++) matrix[i * row + j * column] -= beta * along * u[j];
      }
    }
  }
  return matrix;
}

const ascending = (values: readonly number[]) => [...values].sort((a, b) => a - b);

test.each<[string, number[]]>([
  ["spread", [3, -1, 0.5, 7, 2.25, -4, 1e-3]],
  ["repeated", [2, 2, 2, 5, 5, -1]],
  ["mostly zero", [4, 0, 0, 0, 0, 1, 0]],
  ["of both signs and one size", [1, -1, 1, -1, 1]],
  ["two", [1, 9]],
  ["one", [-3]],
  ["fifty", Array.from({ length: 50 }, (_, i) => 1 / (1 + i))],
])("a matrix made of given eigenvalues has them: %s", async (_, spectrum) => {
  const values = await symmetricEigenvalues(withSpectrum(spectrum), spectrum.length);
  const largest = Math.max(...spectrum.map(Math.abs));
  expect(values).toBeAllClose(ascending(spectrum), { rtol: 0, atol: 3e-14 * largest });
});

test("second differences have the eigenvalues 2 − 2 cos(πk / (n + 1))", async () => {
  const size = 100;
  const matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    matrix[i * size + i] = 2;
    if (i > 0) matrix[i * size + i - 1] = -1; // the lower triangle is enough
  }
  const wanted = Array.from({ length: size }, (_, k) => 2 - 2 * Math.cos((Math.PI * (k + 1)) / (size + 1)));
  expect(await symmetricEigenvalues(matrix, size)).toBeAllClose(wanted, { rtol: 1e-12, atol: 1e-15 });
});

test("trace and sum of squares are kept by a matrix without structure", async () => {
  const size = 120;
  const entries = normal([9, 9], size * size);
  const matrix = Float64Array.from(entries, (_, at) => {
    const [i, j] = [Math.floor(at / size), at % size];
    return entries[i * size + j] + entries[j * size + i];
  });
  const values = await symmetricEigenvalues(matrix, size);
  const trace = matrix.reduce((sum, x, at) => (at % (size + 1) === 0 ? sum + x : sum), 0);
  expect(values.reduce((sum, x) => sum + x, 0)).toBeCloseTo(trace, 10);
  expect(values.reduce((sum, x) => sum + x * x, 0) / matrix.reduce((sum, x) => sum + x * x, 0)).toBeCloseTo(1, 12);
});

test("a graded matrix keeps the digits of its small eigenvalues", async () => {
  const sizes = [1, 1e-3, 1e-6, 1e-9, 1e-12]; // D B D with a well-conditioned B
  const matrix = Float64Array.from({ length: 25 }, (_, at) => {
    const [i, j] = [Math.floor(at / 5), at % 5];
    return sizes[i] * sizes[j] * (i === j ? 2 : 1 / (1 + i + j));
  });
  const values = await symmetricEigenvalues(matrix, 5);
  const determinant = values.reduce((product, value) => product * value, 1);
  const scaled = await symmetricEigenvalues(
    Float64Array.from({ length: 25 }, (_, at) => matrix[at] / (sizes[Math.floor(at / 5)] * sizes[at % 5])),
    5,
  );
  const wanted = scaled.reduce((product, value) => product * value, 1) * sizes.reduce((p, s) => p * s * s, 1);
  expect(determinant / wanted).toBeCloseTo(1, 12);
});

test("zeros, shapes, and what is not finite", async () => {
  expect(await symmetricEigenvalues(new Float64Array(9), 3)).toEqual(new Float64Array(3));
  await expect(symmetricEigenvalues(new Float64Array(6), 3)).rejects.toThrow("Expected 3² elements, got 6.");
  const broken = Float64Array.of(1, 0, Number.NaN, 1);
  await expect(symmetricEigenvalues(broken, 2)).rejects.toThrow("Expected a finite matrix, got one with NaN.");
});
