import { afterAll, expect, test } from "vitest";
import { Runtime } from "../engine/index.js";
import { normal } from "../random/index.js";
import type { FeatureSet } from "./feature-set.js";
import { jackknifeQuality } from "./jackknife-quality.js";
import { momentsOf } from "./metrics/moments.js";
import { compareToReference, type QualityMetric } from "./quality.js";

const runtime = new Runtime({ threads: 1 });
afterAll(() => runtime.dispose());

const width = 4;
const metrics: QualityMetric[] = ["fid", "kid", "precision", "recall"];

async function setOf(rows: Float32Array): Promise<FeatureSet> {
  return {
    identity: "normal",
    moments: await momentsOf(rows, width, { runtime }),
    rows,
    rowCount: rows.length / width,
  };
}

test("errors are as large as the figures' deviation from one draw of the samples to the next", async () => {
  const reference = await setOf(normal([1, 0], 200 * width));
  const [values, errors] = [new Map<string, number[]>(), new Map<string, number[]>()];
  const note = (map: Map<string, number[]>, metric: string, value: number) =>
    map.set(metric, [...(map.get(metric) ?? []), value]);
  for (let trial = 0; trial < 12; trial++) {
    const samples = await setOf(normal([2, trial], 120 * width).map((value) => 0.4 + 0.8 * value));
    for (const { metric, value } of await compareToReference(samples, reference, metrics, "normal", { runtime })) {
      note(values, metric, value);
    }
    for (const [metric, { standardError }] of await jackknifeQuality(samples, reference, metrics, "normal", {
      runtime,
    })) {
      note(errors, metric, standardError);
    }
  }
  for (const metric of metrics) {
    const [found, told] = [values.get(metric)!, errors.get(metric)!];
    const mean = (numbers: number[]) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
    const deviation = Math.sqrt((mean(found.map((value) => (value - mean(found)) ** 2)) * 12) / 11);
    expect(mean(told) / deviation, metric).toBeGreaterThan(0.5);
    expect(mean(told) / deviation, metric).toBeLessThan(2);
  }
});

test("what is left out is what the figure would be without it", async () => {
  const reference = await setOf(normal([1, 0], 60 * width));
  const rows = normal([2, 0], 40 * width);
  const errors = await jackknifeQuality(await setOf(rows), reference, metrics, "normal", { runtime });
  const rest = rows.filter((_, place) => Math.floor(place / width) % 10 !== 7);
  const without = await compareToReference(await setOf(rest), reference, metrics, "normal", { runtime });
  for (const { metric, value } of without) expect(errors.get(metric)!.leftOut[7]).toBeCloseTo(value, 9);
});
