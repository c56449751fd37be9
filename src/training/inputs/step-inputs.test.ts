import { expect, test } from "vitest";
import { type Config, resolvePreset } from "../../config/index.js";
import type { Batch } from "../../data/batches.js";
import { foldIn, normal } from "../../random/index.js";
import { stepInputs } from "./step-inputs.js";

const size = 3 * 8 ** 2;
const model = {
  ...resolvePreset("emoji32-small").model,
  resolution: 8,
  classes: 4,
  levels: [
    { resolution: 4, channels: 8, encoderBlocks: 1, stochasticLayers: 1, attention: 0 },
    { resolution: 8, channels: 8, encoderBlocks: 1, stochasticLayers: 1, attention: 0 },
  ],
};

function configOf(microBatchSize: number, changes: Partial<Config["objective"]> = {}): Config {
  const base = resolvePreset("emoji32-small");
  const training = { ...base.training, batchSize: 8, microBatchSize, seed: 5 };
  return { ...base, model, objective: { ...base.objective, ...changes }, training };
}

const batch: Batch = {
  images: Float32Array.from({ length: 8 * size }, (_, i) => Math.sin(i)),
  labels: Int32Array.of(0, 1, 2, 3, 0, 1, 2, 3),
};

test("micro-batches of any size see the same images, labels and noise", () => {
  const [whole] = stepInputs(configOf(8, { labelDropout: 0.5 }), 3, batch);
  const parts = stepInputs(configOf(2, { labelDropout: 0.5 }), 3, batch);
  expect(parts).toHaveLength(4);
  const joined = (of: (part: (typeof parts)[number]) => ArrayLike<number>) =>
    parts.flatMap((part) => [...Array.from(of(part))]);
  expect(joined((part) => part.batch.images)).toEqual([...whole.batch.images]);
  expect(joined((part) => part.batch.droppedLabels!)).toEqual([...whole.batch.droppedLabels!]);
  whole.noise.forEach((noise, group) => {
    expect(joined((part) => part.noise[group])).toEqual([...noise]);
  });
});

test("a device that draws gets the keys of the images, whatever the micro-batch, and everything else as it was", () => {
  const device = { drawsNoise: true };
  const parts = stepInputs(configOf(2), 3, batch, device);
  const host = stepInputs(configOf(2), 3, batch);
  expect(parts.map(({ batch }) => batch)).toEqual(host.map(({ batch }) => batch));
  const [whole] = stepInputs(configOf(8), 3, batch, device);
  const keysOf = ({ noise }: typeof whole) => [...(noise as { imageKeys: Int32Array }).imageKeys];
  expect(parts.flatMap(keysOf)).toEqual(keysOf(whole));
  const [, , high, low] = Uint32Array.from(keysOf(parts[0])); // of the second image
  const [, group] = host[0].noise;
  expect(normal(foldIn([high, low], 1), group.length / 2)).toEqual(group.subarray(group.length / 2));
});

test("labels are dropped with the probability given, and only for the prior", () => {
  const never = stepInputs(configOf(8, { labelDropout: 0 }), 0, batch)[0].batch;
  expect(never.droppedLabels).toEqual(batch.labels);
  const always = stepInputs(configOf(8, { labelDropout: 1 }), 0, batch)[0].batch;
  expect([...always.droppedLabels!]).toEqual(new Array(8).fill(4));
  expect(always.labels).toEqual(batch.labels);
  const steps = Array.from(
    { length: 250 },
    (_, step) => stepInputs(configOf(8, { labelDropout: 0.1 }), step, batch)[0],
  );
  const dropped = steps.flatMap(({ batch }) => [...batch.droppedLabels!]).filter((label) => label === 4).length;
  expect(dropped / 2000).toBeCloseTo(0.1, 1);
});

test("every batch number has its own noise", () => {
  const [first, second] = [0, 1].map((step) => stepInputs(configOf(8), step, batch)[0].noise[0]);
  expect(first).not.toEqual(second);
});

test("a super-resolution model gets the small image with noise on it", () => {
  const superResolution = { blocks: [1], noise: 0.5 };
  const config = { ...configOf(8), model: { ...model, superResolution } };
  const noisy = stepInputs(config, 0, batch)[0].batch.lowResolution as Float32Array;
  const clean = stepInputs(
    { ...config, model: { ...model, superResolution: { ...superResolution, noise: 0 } } },
    0,
    batch,
  );
  const difference = noisy.map((value, i) => (value - (clean[0].batch.lowResolution as Float32Array)[i]) / 0.5);
  expect(noisy).toHaveLength(8 * 3 * 16);
  expect(difference.reduce((sum, value) => sum + value ** 2, 0) / difference.length).toBeCloseTo(1, 0);
});
