import { afterAll, beforeAll, expect, test } from "vitest";
import { type Changes, discs, tinyModel, tinySuperResolution } from "../../../test/support/tiny.js";
import { Runtime } from "../../engine/index.js";
import { concatenateLatents, type Latents, latentsAt, latentsOfSamples } from "../../latents/latents.js";
import type { TrainedModel } from "../trained-model.js";
import { latentsOf } from "./encode-latents.js";
import { reconstruct } from "./reconstruct.js";
import { type SampleOptions, Sampler } from "./sampler.js";

let runtime: Runtime;
beforeAll(() => {
  runtime = new Runtime({ threads: 1 });
});
afterAll(() => runtime.dispose());

function modelOf(changes: Changes = {}): TrainedModel {
  const model = tinyModel(changes);
  for (const { layers } of model.parameters.generator.levels) {
    for (const { prior, posterior } of layers) {
      prior.conv2.weight.fill(0.2); // priors that depend on what came before
      posterior.conv2.weight.fill(-0.1);
    }
  }
  return model;
}

async function draw(model: TrainedModel, options: SampleOptions) {
  const sampler = new Sampler(model, { batch: 2, runtime });
  try {
    return await sampler.sample(options);
  } finally {
    await sampler.dispose();
  }
}

/** Largest difference of two images, in levels of 256. */
const difference = (a: Uint8Array, b: Uint8Array) => Math.max(...a.map((value, i) => Math.abs(value - b[i])));

/** Σ ε² / d. */
const power = (latents: Latents) => {
  const values = latents.flatMap((noise) => [...noise]);
  return values.reduce((sum, value) => sum + value ** 2, 0) / values.length;
};

test.each([
  { name: "a base model", changes: {}, labels: undefined },
  { name: "a conditional model", changes: { model: { classes: 4 } }, labels: Int32Array.of(2, 0, 3) },
  {
    name: "a mixture",
    changes: { objective: { output: "logistic-mixture", mixtures: 2 } as const },
    labels: undefined,
  },
])("$name draws from an image's noise what it reconstructs", async ({ changes, labels }) => {
  const model = modelOf(changes);
  const images = { ...discs(3), labels };
  const latents = await latentsOf(model, images, { seed: 4, batch: 2, runtime });
  expect(power(latents)).not.toBeCloseTo(1, 1); // of a model that has learnt nothing
  const [again, drawn] = [
    await reconstruct(model, images, { seed: 4, runtime }),
    await draw(model, { count: 3, seed: 4, labels, latents }),
  ];
  expect(difference(drawn.images, again.images)).toBeLessThanOrEqual(1);
  const [other] = await latentsOf(model, { ...images, ...discs(3, { start: 9 }), labels }, { seed: 4, runtime });
  expect(other).not.toEqual(latents[0]);
});

test("samples drawn from their own noise, by their number", async () => {
  const model = modelOf({ model: { classes: 4 }, objective: { output: "logistic-mixture", mixtures: 2 } });
  const five = await draw(model, { count: 5, seed: 6 });
  const wanted = [4, 1, 3];
  const latents = latentsOfSamples(model.config.model, wanted, { seed: 6 });
  const size = five.images.length / 5;
  const images = wanted.flatMap((sample) => [...five.images.subarray(sample * size, (sample + 1) * size)]);
  const expected = {
    images: Uint8Array.from(images),
    labels: Int32Array.from(wanted, (sample) => five.labels[sample]),
  };
  expect(await draw(model, { count: 3, seed: 6, samples: wanted })).toMatchObject(expected);
  expect(await draw(model, { count: 3, seed: 6, samples: wanted, latents })).toMatchObject(expected);
  expect(concatenateLatents([0, 1, 2].map((index) => latentsAt(latents, index, 3)))).toEqual(latents);
});

test("noise that is given includes its temperature, and stays as it is", async () => {
  const model = modelOf();
  const temperature = [{ resolution: 4, temperature: 0.5 }];
  const latents = latentsOfSamples(model.config.model, [0, 1], { temperature });
  const copy = structuredClone(latents);
  const drawn = await draw(model, { count: 2, latents });
  expect(drawn).toEqual(await draw(model, { count: 2, temperature }));
  expect(drawn).not.toEqual(await draw(model, { count: 2 }));
  expect(latents).toEqual(copy);
  expect(await draw(model, { count: 2, latents, temperature: 0 })).toEqual(drawn);
});

test("noise that does not fit is refused, and so are models and images", async () => {
  const model = modelOf();
  const latents = latentsOfSamples(model.config.model, [0]);
  await expect(draw(model, { count: 2, latents })).rejects.toThrow(
    "Expected noise of 3 latent groups for 2 images, 8, 128, 512 values, got 4, 64, 256.",
  );
  await expect(draw(model, { count: 2, samples: [1] })).rejects.toThrow(
    "number of a sample for each of 2 images, got 1",
  );
  await expect(latentsOf(model, discs(1, { resolution: 16 }), { runtime })).rejects.toThrow("images of 8×8 pixels");
  const enlarging = modelOf({ model: tinySuperResolution, objective: { informationSchedule: false } });
  await expect(latentsOf(enlarging, discs(1), { runtime })).rejects.toThrow("expected a base model, got a super-res");
});
