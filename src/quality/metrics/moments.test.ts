import { afterAll, describe, expect, test } from "vitest";
import "../../../test/support/all-close.js";
import { readGolden } from "../../../test/support/golden.js";
import { Runtime } from "../../engine/index.js";
import { normal } from "../../random/index.js";
import { MomentsAccumulator, momentsOf } from "./moments.js";

const runtime = new Runtime({ threads: 1 });
afterAll(() => runtime.dispose());

const golden = readGolden("metrics.safetensors");
const rowsOf = (name: string) => golden(name).data as Float32Array;

/** Mean and covariance by their definitions. */
function expected(rows: Float32Array, width: number) {
  const count = rows.length / width;
  const column = (i: number) => Array.from({ length: count }, (_, row) => rows[row * width + i]);
  const mean = Array.from({ length: width }, (_, i) => column(i).reduce((sum, x) => sum + x, 0) / count);
  const covariance = Array.from({ length: width * width }, (_, at) => {
    const [i, j] = [Math.floor(at / width), at % width];
    const [x, y] = [column(i), column(j)];
    return x.reduce((sum, value, row) => sum + (value - mean[i]) * (y[row] - mean[j]), 0) / (count - 1);
  });
  return { mean, covariance };
}

describe("moments", () => {
  test.each(["A", "B"])("of the set %s are those of the fixtures", async (name) => {
    const { count, mean, covariance } = await momentsOf(rowsOf(name), 64, { runtime });
    expect(count).toBe(rowsOf(name).length / 64);
    expect(mean).toBeAllClose(golden(`${name}.mean`).data, { rtol: 1e-7, atol: 1e-8 }); // stored in float32
    expect(covariance).toBeAllClose(golden(`${name}.cov`).data, { rtol: 1e-7, atol: 1e-8 });
  });

  test("rows are vectors, divided by one less than their number, in float64, whatever the width", async () => {
    const rows = normal([1, 2], 5 * 3).map((x, i) => x * (1 + (i % 3)));
    const { mean, covariance } = await momentsOf(rows, 3, { runtime });
    const wanted = expected(rows, 3);
    expect(mean).toBeAllClose(wanted.mean, { rtol: 1e-14, atol: 1e-15 });
    expect(covariance).toBeAllClose(wanted.covariance, { rtol: 1e-14, atol: 1e-15 });
  });

  test("are the same bits in whatever parts the vectors come, over more than one block", async () => {
    const rows = normal([3, 4], 2500 * 2);
    const whole = await momentsOf(rows, 2, { runtime });
    const accumulator = new MomentsAccumulator(2, { runtime });
    for (let start = 0; start < 2500; start += 171) accumulator.add(rows.subarray(start * 2, (start + 171) * 2)); // not awaited
    expect(await accumulator.finish()).toEqual(whole);
    expect(whole.count).toBe(2500);
    expect(whole.covariance).toBeAllClose(expected(rows, 2).covariance, { rtol: 1e-13 });
  });

  test("keep their digits where the mean is far larger than the deviations", async () => {
    const rows = normal([5, 6], 300 * 2).map((x) => Math.fround(30_000 + x / 64));
    const { covariance } = await momentsOf(rows, 2, { runtime });
    expect(covariance).toBeAllClose(expected(rows, 2).covariance, { rtol: 1e-9, atol: 0 });
  });
});

describe("errors", () => {
  test("one vector has no covariance", async () => {
    const error = "Expected at least 2 vectors to take a covariance of, got 1.";
    await expect(momentsOf(new Float32Array(3), 3, { runtime })).rejects.toThrow(error);
  });

  test("rows are whole", async () => {
    const error = "Expected rows of 3 numbers, got 7 numbers, which are no whole number of rows.";
    await expect(momentsOf(new Float32Array(7), 3, { runtime })).rejects.toThrow(error);
  });

  test("features are finite", async () => {
    const error = "Expected finite features, got NaN at place 1 of vector 2.";
    await expect(momentsOf(Float32Array.of(1, 2, 3, 4, 5, Number.NaN), 2, { runtime })).rejects.toThrow(error);
  });

  test("an abort ends it", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(momentsOf(new Float32Array(6), 3, { runtime, signal })).rejects.toThrow("enough");
  });
});
