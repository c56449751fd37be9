import { afterAll, describe, expect, test } from "vitest";
import { readGolden, readGoldenJson } from "../../../test/support/golden.js";
import { Runtime } from "../../engine/index.js";
import { normal } from "../../random/index.js";
import { kernelDistance, kernelDistanceOfSubsets } from "./kernel-distance.js";

const runtime = new Runtime({ threads: 1 });
afterAll(() => runtime.dispose());

const golden = readGolden("metrics.safetensors");
const rowsOf = (name: string) => golden(name).data as Float32Array;
const { kid } = readGoldenJson("metrics.json");

/** The definition, pair by pair. */
function expected(x: Float32Array, y: Float32Array, width: number): number {
  const sum = (a: Float32Array, b: Float32Array): number => {
    let total = 0;
    for (let i = 0; i < a.length; i += width) {
      for (let j = 0; j < b.length; j += width) {
        let product = 0;
        for (let k = 0; k < width; k++) product += a[i + k] * b[j + k];
        if (a !== b || i !== j) total += (product / width + 1) ** 3;
      }
    }
    return total;
  };
  const [m, n] = [x.length / width, y.length / width];
  return sum(x, x) / (m * (m - 1)) + sum(y, y) / (n * (n - 1)) - (2 * sum(x, y)) / (m * n);
}

describe("over whole sets", () => {
  test.each(["A_B", "A_C", "C_D", "A_A"])("is that of the fixtures: %s", async (pair) => {
    const [x, y] = pair.split("_").map(rowsOf);
    expect(await kernelDistance(x, y, 64, { runtime })).toBeCloseTo(kid[pair], 13);
  });

  test("has the same digits over several blocks, and a width that is no power of two", async () => {
    const [x, y] = [normal([1, 1], 103 * 3), normal([1, 2], 91 * 3).map((value) => value + 0.2)];
    const progress: number[][] = [];
    const options = { runtime, blockSize: 52, onProgress: (...step: number[]) => progress.push(step) };
    const distance = await kernelDistance(x, y, 3, options);
    expect(distance).toBeCloseTo(expected(x, y, 3), 12);
    expect(progress[0]).toEqual([1, 10]); // 3 + 3 of the sets' own, 4 between
    expect(progress.at(-1)).toEqual([10, 10]);
  });
});

describe("over subsets", () => {
  test("of all there is: the whole distance, and no deviation", async () => {
    const options = { runtime, subsets: 2, size: 40 };
    const { mean, standardDeviation } = await kernelDistanceOfSubsets(rowsOf("C"), rowsOf("D"), 64, options);
    expect(mean).toBeCloseTo(kid.C_D, 12);
    expect(standardDeviation).toBeLessThan(1e-12);
  });

  test("scatters about the whole distance, in a way that the seed decides", async () => {
    const options = { runtime, subsets: 30, size: 60, seed: 3 };
    const result = await kernelDistanceOfSubsets(rowsOf("A"), rowsOf("B"), 64, options);
    const error = result.standardDeviation / Math.sqrt(30);
    expect(Math.abs(result.mean - kid.A_B)).toBeLessThan(4 * error);
    expect(result.standardDeviation).toBeGreaterThan(1e-4);
    expect(await kernelDistanceOfSubsets(rowsOf("A"), rowsOf("B"), 64, options)).toEqual(result);
    const other = await kernelDistanceOfSubsets(rowsOf("A"), rowsOf("B"), 64, { ...options, seed: 4 });
    expect(other.mean).not.toBe(result.mean);
  });

  test("needs sets of a subset's size", async () => {
    await expect(kernelDistanceOfSubsets(rowsOf("A"), rowsOf("C"), 64, { runtime, size: 41 })).rejects.toThrow(
      "The kernel distance of the second set: expected at least 41 vectors, got 40. Take more pictures.",
    );
    await expect(kernelDistanceOfSubsets(rowsOf("A"), rowsOf("C"), 64, { runtime, size: 1 })).rejects.toThrow(
      "Expected 1 or more subsets of 2 or more vectors, got 100 of 1.",
    );
  });
});

test("an abort ends it", async () => {
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(kernelDistance(rowsOf("C"), rowsOf("D"), 64, { runtime, signal })).rejects.toThrow("enough");
  const subsets = kernelDistanceOfSubsets(rowsOf("C"), rowsOf("D"), 64, { runtime, signal, size: 10 });
  await expect(subsets).rejects.toThrow("enough");
});
