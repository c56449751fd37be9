import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readGolden, readGoldenJson } from "../../../test/support/golden.js";
import { Runtime } from "../../engine/index.js";
import { normal } from "../../random/index.js";
import { frechetDistance } from "./frechet.js";
import { type Moments, momentsOf } from "./moments.js";

const runtime = new Runtime({ threads: 1 });
afterAll(() => runtime.dispose());

const golden = readGolden("metrics.safetensors");
const { fid } = readGoldenJson("metrics.json");
const sets: Record<string, Moments> = {};

beforeAll(async () => {
  for (const name of ["A", "B", "C", "D"]) {
    sets[name] = await momentsOf(golden(name).data as Float32Array, 64, { runtime });
  }
});

const distance = (a: Moments, b: Moments) => frechetDistance(a, b, { runtime });
const given = (mean: number[], covariance: number[]): Moments => ({
  count: 100,
  mean: Float64Array.from(mean),
  covariance: Float64Array.from(covariance),
});

describe("against the fixtures", () => {
  test("of full rank", async () => {
    expect((await distance(sets.A, sets.B)) / fid.A_B.exact).toBeCloseTo(1, 9);
    expect((await distance(sets.B, sets.A)) / fid.A_B.exact).toBeCloseTo(1, 9);
  });

  test.each(["A_C", "C_D"])(
    "of singular covariances: %s, to far more digits than a root of a matrix gives",
    async (pair) => {
      const [a, b] = pair.split("_");
      expect(Math.abs((await distance(sets[a], sets[b])) - fid[pair].exact)).toBeLessThan(1e-10);
      expect(Math.abs((await distance(sets[b], sets[a])) - fid[pair].exact)).toBeLessThan(1e-10);
    },
  );

  test.each(["A", "B", "C", "D"])("of a set against itself it is zero: %s", async (name) => {
    const itself = await distance(sets[name], sets[name]);
    expect(itself).toBeGreaterThanOrEqual(0);
    expect(itself).toBeLessThan(1e-11);
  });
});

describe("against closed forms", () => {
  test("means apart by 1 in each direction and equal covariances: the width", async () => {
    const width = 40;
    const identity = Array.from({ length: width * width }, (_, at) => Number(at % (width + 1) === 0));
    const at = (mean: number) => given(new Array(width).fill(mean), identity);
    expect(await distance(at(0), at(1))).toBeCloseTo(width, 12);
  });

  test("covariances that do not commute: in two dimensions (tr √M)² = tr M + 2 √det M", async () => {
    const [a, b] = [
      [4, 1.5, 1.5, 1],
      [0.5, -0.3, -0.3, 3],
    ];
    const trace = a[0] * b[0] + 2 * a[1] * b[1] + a[3] * b[3]; // of the product
    const determinant = (a[0] * a[3] - a[1] ** 2) * (b[0] * b[3] - b[1] ** 2);
    const wanted = 0.25 + 5 + 3.5 - 2 * Math.sqrt(trace + 2 * Math.sqrt(determinant));
    expect(await distance(given([0, 0], a), given([0.5, 0], b))).toBeCloseTo(wanted, 13);
  });

  test("a point against a distribution: its mean square distance", async () => {
    const point = given([1, 2], [0, 0, 0, 0]);
    expect(await distance(point, given([0, 0], [4, 1, 1, 9]))).toBeCloseTo(18, 13);
    expect(await distance(point, point)).toBe(0);
  });

  test("a line against a line across it shares nothing", async () => {
    expect(await distance(given([0, 0], [4, 0, 0, 0]), given([0, 0], [0, 0, 0, 9]))).toBeCloseTo(13, 13);
  });
});

test("variances that span ten powers of ten cost no digits", async () => {
  const [width, count] = [60, 300];
  const rows = normal([2, 3], width * count);
  const mixed = new Float32Array(width * count);
  for (let row = 0; row < count; row++) {
    let carried = 0; // each feature has something of those before
    for (let i = 0; i < width; i++) {
      carried = 0.5 * carried + rows[row * width + i] * 10 ** ((-5 * i) / width);
      mixed[row * width + i] = 100 * carried;
    }
  }
  const moments = await momentsOf(mixed, width, { runtime });
  let trace = 0;
  for (let i = 0; i < width; i++) trace += moments.covariance[i * (width + 1)];
  const widened = { ...moments, covariance: moments.covariance.map((x) => 4 * x) };
  expect(await distance(moments, moments)).toBeLessThan(1e-13 * trace);
  expect((await distance(moments, widened)) / trace).toBeCloseTo(1, 12); // tr Σ + 4 tr Σ − 2 · 2 tr Σ
});

test("widths have to agree", async () => {
  await expect(distance(sets.A, given([0], [1]))).rejects.toThrow(
    "Expected moments of vectors of one width, got 64 and 1. Take both sets with the same features.",
  );
});

test("an abort ends it", async () => {
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(frechetDistance(sets.A, sets.B, { runtime, signal })).rejects.toThrow("enough");
});
