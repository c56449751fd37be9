import { afterAll, beforeAll, expect, test } from "vitest";
import { maxRelativeError } from "../../../test/support/distance.js";
import { fixture, fixtureNames } from "../../../test/support/fixtures.js";
import { discs, tinyConfig } from "../../../test/support/tiny.js";
import { Runtime } from "../../engine/index.js";
import { initialise, mapParameters, modelParameters } from "../../model/index.js";
import { outputChannels } from "../../objective/output-layers.js";
import { compileBound, heldOutBound, reconstructMeans } from "./held-out-bound.js";

let runtime: Runtime;
beforeAll(() => {
  runtime = new Runtime({ threads: 1 });
});
afterAll(() => runtime.dispose());

test.each(fixtureNames)("distortion, rates and mean of %s are the golden ones", async (name) => {
  const { config, parameters, batch, noise, step } = fixture(name);
  const { images, labels, droppedLabels, lowResolution } = batch;
  const constants = mapParameters(parameters, ({ data }) => data as Float32Array);
  const program = await compileBound(config, images.shape[0], constants, runtime);
  const result = await program.run({
    batch: {
      images: images.data,
      ...(labels ? { labels: labels.data } : {}),
      ...(lowResolution ? { lowResolution: lowResolution.data } : {}),
    },
    noise: noise.map(({ data }) => data),
  });
  await program.dispose();
  // The fixture drops one image's label, which evaluation never does: compare the images that keep theirs.
  const kept = Array.from(images.shape, (_, i) => i).filter(
    (i) => i < images.shape[0] && (!labels || labels.data[i] === droppedLabels!.data[i]),
  );
  const count = images.shape[0];
  const pick = (values: ArrayLike<number>) => kept.map((i) => values[i]);
  expect(kept.length).toBeGreaterThan(0);
  expect(maxRelativeError(pick(result.distortion), pick(step("distortion_per_image").data))).toBeLessThan(2e-5);
  const kl = step("kl").data;
  for (let group = 0; group < noise.length; group++) {
    const row = (values: ArrayLike<number>) => pick(Array.from(values).slice(group * count, (group + 1) * count));
    expect(maxRelativeError(row(result.kl), row(kl))).toBeLessThan(2e-5);
  }
});

const config = tinyConfig();
const parameters = initialise(modelParameters(config.model, outputChannels(config.objective)), 3);
const model = { config, parameters };

test("the bound does not depend on the batch size, and is the mean over the images", async () => {
  const images = discs(7);
  const whole = await heldOutBound(model, images, { runtime, batch: 7 });
  const parts = await heldOutBound(model, images, { runtime, batch: 3 });
  expect(whole.count).toBe(7);
  for (const name of ["bitsPerDim", "boundNats", "distortionNats", "klNats", "psnrDb"] as const) {
    expect(parts[name] / whole[name]).toBeCloseTo(1, 5);
  }
  const first = await heldOutBound(model, images, { runtime, count: 1 });
  const alone = await heldOutBound(model, discs(1), { runtime });
  expect(first.boundNats).toBeCloseTo(alone.boundNats, 2);
});

test("its parts add up: rate by group, bound, and distortion between image and mean", async () => {
  const bound = await heldOutBound(model, discs(5), { runtime });
  expect(bound.groupKlNats.reduce((sum, kl) => sum + kl)).toBeCloseTo(bound.klNats, 4);
  expect(bound.boundNats).toBeCloseTo(bound.distortionNats + bound.klNats, 6);
  expect(bound.psnrDb).toBeGreaterThan(0);
  expect(bound.bitsPerDim).toBeGreaterThan(0);
});

test("a mixture of logistics is measured by its exact masses: both bounds are one", async () => {
  const mixture = tinyConfig({ objective: { output: "logistic-mixture", mixtures: 2 } });
  const weights = initialise(modelParameters(mixture.model, outputChannels(mixture.objective)), 3);
  const bound = await heldOutBound({ config: mixture, parameters: weights }, discs(4), { runtime });
  expect(bound.bitsPerDim).toBeCloseTo(bound.boundNats / (192 * Math.LN2), 4);
});

test("progress is told, and a signal stops the work", async () => {
  const seen: [number, number][] = [];
  await heldOutBound(model, discs(5), { runtime, batch: 2, onProgress: (done, count) => seen.push([done, count]) });
  expect(seen).toEqual([
    [2, 5],
    [4, 5],
    [5, 5],
  ]);
  await expect(heldOutBound(model, discs(2), { runtime, signal: AbortSignal.abort() })).rejects.toThrow("abort");
});

test("images that do not fit are refused", async () => {
  const large = heldOutBound(model, discs(1, { resolution: 16 }), { runtime });
  await expect(large).rejects.toThrow("Expected images of 8×8 pixels, as the model was made for, got 16×16.");
});

test("reconstructing stops between two batches when asked to", async () => {
  const program = await compileBound(config, 2, parameters, runtime);
  const controller = new AbortController();
  let runs = 0;
  const counted: typeof program = {
    ...program,
    run: (inputs) => {
      if (++runs === 2) controller.abort(new Error("enough"));
      return program.run(inputs);
    },
  };
  const options = { count: 8, batch: 2, signal: controller.signal };
  await expect(reconstructMeans(counted, config, discs(8), options)).rejects.toThrow("enough");
  expect(runs).toBe(2);
  await program.dispose();
});
