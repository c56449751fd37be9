import { afterAll, beforeAll, expect, test } from "vitest";
import { meanColours } from "../../test/support/features.js";
import { discs } from "../../test/support/tiny.js";
import { Runtime } from "../engine/index.js";
import type { FeatureSet } from "./feature-set.js";
import { measureFeatures } from "./feature-set.js";
import { streamSet } from "./image-streams.js";
import { compareToReference, metricsOf, nameOfMetric, type QualityMetric, qualityMetrics } from "./quality.js";
import { sampleQuality } from "./sample-quality.js";

let runtime: Runtime;
let reference: FeatureSet;
beforeAll(async () => {
  runtime = new Runtime({ threads: 1 });
  reference = await measureFeatures(streamSet(discs(300)), meanColours(), { logits: true, runtime });
});
afterAll(() => runtime.dispose());

test("a set measured against itself has distance 0, and precision and recall 1", async () => {
  const values = await compareToReference(reference, reference, qualityMetrics, "colours", { runtime });
  expect(values.map(({ metric }) => metric)).toEqual([...qualityMetrics]);
  const [fid, sfid, score, kid, precision, recall] = values.map(({ value }) => value);
  expect(Math.abs(fid)).toBeLessThan(1e-9);
  expect(Math.abs(sfid)).toBeLessThan(1e-9);
  expect(score).toBeGreaterThan(1);
  expect(Math.abs(kid)).toBeLessThan(0.01);
  expect([precision, recall]).toEqual([1, 1]);
});

test("copies of a few images are precise and recall little", async () => {
  const few = { ...discs(8), count: 8 };
  const stream = streamSet(
    few,
    Array.from({ length: 150 }, (_, i) => i % 8),
  );
  const extractor = meanColours();
  const metrics = ["precision", "recall", "fid"] as const;
  const { values, count, referenceBaseline } = await sampleQuality(stream, { extractor, reference, metrics, runtime });
  expect(count).toBe(150);
  const [precision, recall, fid] = values.map(({ value }) => value);
  expect(precision).toBe(1);
  expect(recall).toBeLessThan(0.2);
  expect(fid).toBeGreaterThan(referenceBaseline!); // as many images of the reference are nearer to the rest of it
});

test("only Inception features make a FID", () => {
  expect(nameOfMetric("fid", "inception")).toBe("FID");
  expect(nameOfMetric("fid", "pixels")).toBe("Fréchet distance (pixels)");
  expect(nameOfMetric("kid", "net.onnx")).toBe("kernel distance (net.onnx)");
  for (const metric of qualityMetrics) expect(nameOfMetric(metric, "classifier")).not.toMatch(/FID|KID|Inception/);
});

test("what features do not allow is not offered", () => {
  expect(metricsOf({})).toEqual(["fid", "kid", "precision", "recall"]);
  expect(metricsOf({ spatialWidth: 3, classes: 10 })).toEqual([...qualityMetrics]);
});

test("features of two networks are not compared", async () => {
  const other = { ...reference, identity: "pixels 1" };
  await expect(compareToReference(other, reference, ["fid"], "pixels", { runtime })).rejects.toThrow(
    "Expected features of samples and reference from one network, got pixels 1 and colours 1.",
  );
});

test("vectors of single samples are kept where a figure needs them, or where they are asked for", async () => {
  const measured = async (metrics: readonly QualityMetric[], keepRows?: boolean) => {
    const options = { extractor: meanColours(), reference, metrics, runtime, keepRows };
    const { features } = await sampleQuality(streamSet(discs(20)), options);
    return features.rowCount;
  };
  expect(await measured(["fid", "sfid", "is"])).toBe(0);
  expect(await measured(["fid"], true)).toBe(20);
  for (const metric of ["kid", "precision", "recall"] as const) expect(await measured([metric])).toBe(20);
});
