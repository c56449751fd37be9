import { afterAll, beforeAll, expect, test } from "vitest";
import { meanColours } from "../../test/support/features.js";
import { discs } from "../../test/support/tiny.js";
import { takeFirst } from "../data/image-set.js";
import { Runtime } from "../engine/index.js";
import type { FeatureSet } from "./feature-set.js";
import { measureFeatures } from "./feature-set.js";
import { streamSet } from "./image-streams.js";
import {
  compareToReference,
  defaultMetricsOf,
  metricsOf,
  nameOfMetric,
  type QualityMetric,
  qualityMetrics,
} from "./quality.js";
import { sampleQuality } from "./sample-quality.js";

let runtime: Runtime;
let reference: FeatureSet;
beforeAll(async () => {
  runtime = new Runtime({ threads: 1 });
  reference = await measureFeatures(streamSet(discs(300)), meanColours(), { logits: true, runtime });
});
afterAll(() => runtime.dispose());

test("a set measured against itself has distance 0, and precision and recall 1", async () => {
  const metrics = defaultMetricsOf(meanColours());
  const values = await compareToReference(reference, reference, metrics, "colours", { runtime });
  expect(values.map(({ metric }) => metric)).toEqual(metrics);
  const [fid, sfid, score, kid, precision, recall] = values.map(({ value }) => value);
  expect(Math.abs(fid)).toBeLessThan(1e-9);
  expect(Math.abs(sfid)).toBeLessThan(1e-9);
  expect(score).toBeGreaterThan(1);
  expect(Math.abs(kid)).toBeLessThan(0.01);
  expect([precision, recall]).toEqual([1, 1]);
});

test("accuracy is the share of labelled samples that the classifier takes for their label", async () => {
  const colours = meanColours();
  const { logits } = await colours.extract(discs(40));
  const classes = colours.classes!;
  const answers = Array.from({ length: 40 }, (_, i) => {
    const own = [...logits!.subarray(i * classes, (i + 1) * classes)];
    return own.indexOf(Math.max(...own));
  });
  // Thirteen right, seven wrong, twenty without label.
  const labels = Int32Array.from(answers, (answer, i) => (i < 13 ? answer : i < 20 ? (answer + 1) % classes : classes));
  const { images } = takeFirst(discs(40), 40);
  const part = { images: images as Uint8Array, count: 40, resolution: 8, labels };
  const stream = {
    count: 40,
    resolution: 8,
    parts: (async function* () {
      yield part;
    })(),
  };
  const metrics = ["accuracy"] as const;
  const { values } = await sampleQuality(stream, { extractor: colours, reference, metrics, errors: true, runtime });
  expect(values).toMatchObject([{ metric: "accuracy", name: "accuracy (colours)", value: 0.65 }]);
  expect(values[0].standardError).toBeGreaterThan(0);
  const unlabelled = streamSet(discs(20));
  await expect(sampleQuality(unlabelled, { extractor: colours, reference, metrics, runtime })).rejects.toThrow(
    "Accuracy: expected samples with labels, got samples without.",
  );
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
  expect(defaultMetricsOf({ classes: 10 })).toEqual(["fid", "is", "kid", "precision", "recall"]);
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
