/** @file The probes beside scikit-learn's (`scripts/probe-fixtures.py`). */
import { describe, expect, test } from "vitest";
import { readGolden } from "../../../test/support/golden.js";
import { emptyKernel, extendKernel, type Kernel, normalisedKernel } from "./kernel.js";
import { linearProbe } from "./linear-probe.js";
import { fitLogistic, probabilities } from "./logistic-regression.js";
import { nearestKnown, nearestProbe } from "./nearest-probe.js";
import { componentKernel, principalComponents } from "./principal-components.js";
import { rightAnswers, wilsonInterval } from "./probe.js";

const [KNOWN, COUNT, CLASSES, COMPONENTS] = [120, 160, 4, 5];
const golden = readGolden("probes.safetensors");
const numbers = (name: string) => golden(name).data as Float32Array;
const labels = golden("labels").data as Int32Array;

/** The kernel of vectors that come in two parts. */
async function kernelOf(name: string): Promise<Kernel> {
  const { data, shape } = golden(`${name}.vectors`);
  const [, width] = shape;
  const part = (from: number, to: number) =>
    Float32Array.from({ length: COUNT * (to - from) }, (_, i) => {
      const [row, column] = [Math.floor(i / (to - from)), i % (to - from)];
      return data[row * width + from + column] as number;
    });
  const first = await extendKernel(emptyKernel(KNOWN, COUNT), part(0, 5));
  return normalisedKernel(await extendKernel(first, part(5, width)));
}

const multiplyBy =
  ({ products }: Kernel, width: number) =>
  async (r: Float64Array) => {
    const result = new Float64Array(KNOWN * width);
    for (let i = 0; i < KNOWN; i++)
      for (let j = 0; j < KNOWN; j++)
        for (let k = 0; k < width; k++) result[i * width + k] += products[i * KNOWN + j] * r[j * width + k];
    return result;
  };

const largest = (values: Iterable<number>) => [...values].reduce((most, value) => Math.max(most, Math.abs(value)), 0);

describe.each(["narrow", "wide"])("%s vectors", async (name) => {
  const kernel = await kernelOf(name);

  test.each([0, 1])("logits of the logistic regression, penalty %i", async (index) => {
    const penalty = [1e-1, 1e-3][index];
    const known = labels.subarray(0, KNOWN);
    const fit = await fitLogistic({ multiply: multiplyBy(kernel, CLASSES), labels: known, classes: CLASSES, penalty });
    const expected = numbers(`${name}.logits.${index}`);
    const differences = Array.from({ length: COUNT }, (_, row) => {
      const own = Array.from({ length: CLASSES }, (_, k) => {
        let logit = fit.dual[KNOWN * CLASSES + k];
        for (let i = 0; i < KNOWN; i++) logit += kernel.products[row * KNOWN + i] * fit.dual[i * CLASSES + k];
        return logit;
      });
      const mean = own.reduce((sum, value) => sum + value, 0) / CLASSES;
      return largest(own.map((value, k) => value - mean - expected[row * CLASSES + k]));
    });
    expect(largest(differences)).toBeLessThan(2e-3 * Math.max(1, largest(expected)));
    expect(fit.iterations).toBeGreaterThan(3);
  });

  test("nearest neighbours, in order", () => {
    const expected = golden(`${name}.nearest`).data as Int32Array;
    for (let row = KNOWN; row < COUNT; row++) {
      const start = (row - KNOWN) * 10;
      expect([...nearestKnown(kernel, row, 10)]).toEqual([...expected.subarray(start, start + 10)]);
    }
  });

  test("products of the first principal components", async () => {
    const components = await principalComponents(kernel, COMPONENTS);
    const variances = numbers(`${name}.variances`);
    expect(components.count).toBe(COMPONENTS);
    components.eigenvalues.forEach((value, i) => {
      expect(value / (KNOWN - 1) / variances[i]).toBeCloseTo(1, 5);
    });
    const { products, squares } = await componentKernel(kernel, components, COMPONENTS);
    const expected = numbers(`${name}.products`);
    expect(largest(expected.map((value, i) => value - products[KNOWN * KNOWN + i]))).toBeLessThan(1e-6);
    expect(squares[3]).toBeCloseTo(products[3 * KNOWN + 3], 10);
  });

  test("both probes tell classes far better than by chance, and judge none of what they learn from", async () => {
    const data = { labels, classes: CLASSES, chosen: 15 };
    for (const found of [await linearProbe(kernel, data), nearestProbe(kernel, data)]) {
      expect(found.right).toHaveLength(COUNT - KNOWN - 15);
      expect(found.accuracy).toBeGreaterThan(0.5);
      expect(found.low).toBeLessThan(found.accuracy);
      expect(found.high).toBeGreaterThan(found.accuracy);
    }
  });
});

test("no more components come back than the vectors span", async () => {
  const { count } = await principalComponents(await kernelOf("narrow"), 40);
  expect(count).toBe(12);
});

test("Wilson's interval, none and all included", () => {
  const rows = numbers("wilson");
  for (let at = 0; at < rows.length; at += 4) {
    const [hits, n, low, high] = rows.subarray(at, at + 4);
    const interval = wilsonInterval(hits / n, n);
    expect(interval.low).toBeCloseTo(low, 6);
    expect(interval.high).toBeCloseTo(high, 6);
  }
});

test("right answers, one by one; probabilities of logits that exp cannot hold", () => {
  expect(rightAnswers(Int32Array.of(1, 0, 2), Int32Array.of(1, 1, 2))).toMatchObject({ accuracy: 2 / 3 });
  expect([...probabilities(Float64Array.of(1000, 1000, -1000, -1000), 2)]).toEqual([0.5, 0.5, 0.5, 0.5]);
});
