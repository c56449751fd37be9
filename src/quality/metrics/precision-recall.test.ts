import { afterAll, describe, expect, test } from "vitest";
import "../../../test/support/all-close.js";
import { readGolden, readGoldenJson } from "../../../test/support/golden.js";
import { Runtime } from "../../engine/index.js";
import { normal } from "../../random/index.js";
import { squaredRadii } from "./nearest.js";
import { Pairs } from "./pairs.js";
import { precisionRecall } from "./precision-recall.js";

const runtime = new Runtime({ threads: 1 });
afterAll(() => runtime.dispose());

const golden = readGolden("metrics.safetensors");
const rowsOf = (name: string) => golden(name).data as Float32Array;
const { pr } = readGoldenJson("metrics.json");

const measure = (references: Float32Array, samples: Float32Array, width: number, blockSize?: number) =>
  precisionRecall(references, samples, width, { runtime, blockSize });

describe("against the fixtures", () => {
  test.each(["A_B", "A_C"])("%s", async (pair) => {
    const [references, samples] = pair.split("_").map(rowsOf);
    const { precision, recall } = pr[pair];
    expect(await measure(references, samples, 64)).toEqual({ precision, recall });
  });

  test.each([64, 500])("radii, in blocks of %i", async (blockSize) => {
    await using pairs = await Pairs.open(rowsOf("A"), 64, 500, { runtime, blockSize });
    const radii = await squaredRadii(pairs, pairs.prepare(rowsOf("A")), 3);
    expect(radii).toBeAllClose(golden("pr.A_B.radii_ref").data, { rtol: 1e-7, atol: 0 }); // stored in float32
  });

  test("the size of the blocks changes nothing", async () => {
    const whole = await measure(rowsOf("A"), rowsOf("B"), 64);
    expect(await measure(rowsOf("A"), rowsOf("B"), 64, 57)).toEqual(whole);
  });
});

test("collapsed samples: precise, and covering little; not the other way round", async () => {
  const references = normal([1, 2], 300 * 2);
  const samples = normal([3, 4], 200 * 2).map((x) => 0.05 * x);
  const { precision, recall } = await measure(references, samples, 2);
  expect(precision).toBeGreaterThan(0.95);
  expect(recall).toBeLessThan(0.1);
});

test("a set is within itself, also where all its vectors are the same, far from zero", async () => {
  expect(await measure(rowsOf("B"), rowsOf("B"), 64)).toEqual({ precision: 1, recall: 1 });
  const same = new Float32Array(50 * 3).fill(12_345.678);
  expect(await measure(same, same, 3)).toEqual({ precision: 1, recall: 1 });
});

test("sets far apart share nothing", async () => {
  const [here, there] = [normal([1, 2], 40 * 3), normal([3, 4], 30 * 3).map((x) => x + 100)];
  expect(await measure(here, there, 3)).toEqual({ precision: 0, recall: 0 });
});

test("the rim belongs to the ball, duplicates have none, and a vector is no neighbour of itself", async () => {
  const references = Float32Array.of(0, 1, 2, 3); // radii 3, 2, 2, 3
  const at = (x: number) => Float32Array.of(x, x, x, x); // radius 0
  expect(await measure(references, at(6), 1)).toEqual({ precision: 1, recall: 0 }); // on the rim of 3
  expect(await measure(references, at(6.0001), 1)).toEqual({ precision: 0, recall: 0 });
  expect(await measure(references, at(2), 1)).toEqual({ precision: 1, recall: 0.25 }); // itself on the spot
});

test("float32 products are no more than a hint: vectors far out and close together", async () => {
  const offset = (row: number) => 4096 + row / 512; // neighbours 1/512 apart, squares of 10⁷
  const references = Float32Array.from({ length: 64 }, (_, row) => (row < 32 ? offset(row) : -offset(row)));
  const samples = Float32Array.from({ length: 64 }, (_, row) => (row < 32 ? 1 : -1) * (offset(row) + 1 / 1024));
  expect(await measure(references, samples, 1)).toEqual({ precision: 1, recall: 1 });
  const between = samples.map((x) => x + 1);
  expect(await measure(references, between, 1)).toEqual({ precision: 0, recall: 0 });
});

test("progress is told to the last block", async () => {
  const steps: number[][] = [];
  const options = { runtime, blockSize: 20, onProgress: (...step: number[]) => steps.push(step) };
  await precisionRecall(rowsOf("C"), rowsOf("D"), 64, options);
  expect(steps).toEqual(Array.from({ length: 10 }, (_, done) => [done + 1, 10])); // 3 + 3 + 4
});

test("too few vectors, and an abort", async () => {
  const few = rowsOf("C").subarray(0, 3 * 64);
  await expect(measure(rowsOf("C"), few, 64)).rejects.toThrow(
    "Precision and recall with 3 neighbours, of the samples: expected at least 4 vectors, got 3. Take more pictures.",
  );
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(precisionRecall(rowsOf("C"), rowsOf("D"), 64, { runtime, signal })).rejects.toThrow("enough");
});
