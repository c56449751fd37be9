import { afterAll, beforeAll, expect, test } from "vitest";
import { meanColours } from "../../test/support/features.js";
import { discs } from "../../test/support/tiny.js";
import { Runtime } from "../engine/index.js";
import { type FeatureSet, measureFeatures } from "../quality/feature-set.js";
import { streamImages, streamSet } from "../quality/image-streams.js";
import { defaultMetricsOf } from "../quality/quality.js";
import { evaluateSamples, heldOutSplit } from "./evaluation.js";

let runtime: Runtime;
let reference: FeatureSet;
const extractor = meanColours();
const samples = discs(80);
beforeAll(async () => {
  runtime = new Runtime({ threads: 1 });
  reference = await measureFeatures(streamSet(discs(100)), extractor, { runtime });
});
afterAll(() => runtime.dispose());

test("all that the features allow is measured, and the first 64 samples are shown", async () => {
  const result = await evaluateSamples(streamImages(samples), { extractor, reference, runtime });
  expect(result.values.map(({ metric }) => metric)).toEqual(defaultMetricsOf(extractor));
  expect(result).toMatchObject({ count: 80, notMeasured: [], clamped: undefined });
  expect(result.features).toEqual({ name: extractor.name, identity: extractor.identity });
  expect(result.reference).toEqual({ images: 100, rows: 100 });
  expect(result.shown.count).toBe(64);
  expect(result.shown.images).toEqual(samples.images.subarray(0, 64 * 192));
});

test("of statistics alone, what needs single images is left out; with nothing left it is refused", async () => {
  const moments = { ...reference.moments, count: Number.POSITIVE_INFINITY };
  const alone: FeatureSet = { ...reference, moments, rows: new Float32Array(0), rowCount: 0 };
  const options = { extractor, reference: alone, runtime };
  const result = await evaluateSamples(streamImages(samples), { ...options, metrics: ["fid", "kid", "recall"] });
  expect(result.values.map(({ metric }) => metric)).toEqual(["fid"]);
  expect(result.notMeasured).toEqual(["kid", "recall"]);
  expect(result.reference).toEqual({ images: undefined, rows: 0 });
  await expect(evaluateSamples(streamImages(samples), { ...options, metrics: ["recall"] })).rejects.toThrow(
    "single images, not statistics alone for recall",
  );
});

test("what guidance clamped is added up over the parts", async () => {
  const { parts, ...stream } = streamImages(samples);
  const guided = async function* () {
    for await (const part of parts) {
      yield { ...part, labels: new Int32Array(0), clamped: 3, invalid: 0, guidedDimensions: 9 };
    }
  };
  const options = { extractor, reference, metrics: ["fid"], runtime } as const;
  expect((await evaluateSamples({ ...stream, parts: guided() }, options)).clamped).toBe(3);
});

test("held out are the test images, or those for validation where there are none", () => {
  expect(heldOutSplit({ test: discs(2) })).toBe("test");
  expect(heldOutSplit({ test: { ...discs(2), count: 0 } })).toBe("validation");
});
