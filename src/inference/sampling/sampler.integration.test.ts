import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { discs, tinyModel as modelOf, tinySuperResolution } from "../../../test/support/tiny.js";
import { Runtime } from "../../engine/index.js";
import { drawLabels } from "../../latents/labels.js";
import type { TrainedModel } from "../trained-model.js";
import { drawFormation, reconstruct } from "./reconstruct.js";
import { Sampler } from "./sampler.js";

let runtime: Runtime;
beforeAll(() => {
  runtime = new Runtime({ threads: 1 });
});
afterAll(() => runtime.dispose());

/** Draws and disposes. */
async function draw(model: TrainedModel, batch: number, options: Parameters<Sampler["sample"]>[0]) {
  const sampler = new Sampler(model, { batch, runtime });
  try {
    return await sampler.sample(options);
  } finally {
    await sampler.dispose();
  }
}

/** Image `index` of some. */
const image = ({ images }: { images: Uint8Array }, index: number) => images.slice(index * 192, (index + 1) * 192);

describe("a sample", () => {
  test("depends on seed and index alone, not on batch size or count", async () => {
    const model = modelOf();
    const five = await draw(model, 2, { count: 5, seed: 3 });
    const three = await draw(model, 3, { count: 3, seed: 3 });
    expect(five.images).toHaveLength(5 * 192);
    expect(five.images.slice(0, 3 * 192)).toEqual(three.images);
    expect(image(five, 0)).not.toEqual(image(five, 1));
    expect(image(await draw(model, 2, { count: 1, seed: 4 }), 0)).not.toEqual(image(five, 0));
  });

  test("at temperature 0 is the same for every seed; temperatures may be given by group", async () => {
    const model = modelOf();
    const sampler = new Sampler(model, { batch: 2, runtime });
    const cold = await sampler.sample({ count: 2, temperature: 0 });
    expect(image(cold, 0)).toEqual(image(cold, 1));
    expect(await sampler.sample({ count: 2, temperature: [0, 0, 0] })).toEqual(cold);
    expect(await sampler.sample({ count: 2, temperature: [1, 1, 1] })).toEqual(await sampler.sample({ count: 2 }));
    await expect(sampler.sample({ count: 2, temperature: [1] })).rejects.toThrow(
      "one temperature for each of 3 latent groups",
    );
    await expect(sampler.sample({ count: 2, temperature: -1 })).rejects.toThrow(
      "Expected a temperature of 0 or more, got -1",
    );
    await sampler.dispose();
  });

  test("may be drawn from the output distribution; a mixture always is", async () => {
    const model = modelOf();
    const [mean, drawn] = [await draw(model, 2, { count: 2 }), await draw(model, 2, { count: 2, output: "sample" })];
    expect(drawn.images).not.toEqual(mean.images);
    const mixture = modelOf({ objective: { output: "logistic-mixture", mixtures: 2 } });
    const shown = await draw(mixture, 2, { count: 2, output: "mean" });
    expect(shown).toEqual(await draw(mixture, 1, { count: 2, output: "sample" }));
  });
});

describe("labels", () => {
  const classes = { model: { classes: 4 } };

  test("are drawn in the training set's proportions", async () => {
    const { data } = modelOf();
    const labels = drawLabels(data, 4, 5000, 0);
    const counts = [0, 1, 2, 3].map((label) => labels.filter((value) => value === label).length / 5000);
    expect(counts[0]).toBeCloseTo(0.7, 1);
    expect(counts[1]).toBe(0);
    expect(counts[2]).toBeCloseTo(0.2, 1);
    expect(drawLabels(data, 4, 3, 0)).toEqual(labels.slice(0, 3));
    const samples = await draw(modelOf(classes), 2, { count: 3 });
    expect(samples.labels).toEqual(labels.slice(0, 3));
  });

  test("are followed, and refused where they cannot be", async () => {
    const model = modelOf(classes);
    const zeros = await draw(model, 2, { count: 2, labels: Int32Array.of(0, 0) });
    const ones = await draw(model, 2, { count: 2, labels: Int32Array.of(1, 4) });
    expect(image(zeros, 0)).not.toEqual(image(ones, 0));
    await expect(draw(model, 2, { count: 2, labels: Int32Array.of(0) })).rejects.toThrow(
      "a label for each of 2 images, got 1",
    );
    await expect(draw(model, 1, { count: 1, labels: Int32Array.of(5) })).rejects.toThrow(
      "labels from 0 to 3 (4: no label), got 5",
    );
    await expect(draw(modelOf(), 1, { count: 1, labels: Int32Array.of(0) })).rejects.toThrow(
      "Labels need a model with classes",
    );
  });
});

describe("guidance", () => {
  const model = modelOf({ model: { classes: 4 } });

  test("of weight 0 is plain sampling, and per resolution changes nothing elsewhere", async () => {
    const plain = await draw(model, 2, { count: 2 });
    expect(await draw(model, 2, { count: 2, guidance: { mean: 0, variance: 0 } })).toEqual(plain);
    expect(await draw(model, 2, { count: 2, guidance: [{ resolution: 4, mean: 0, variance: 0 }] })).toEqual(plain);
  });

  test("stays finite however high, and says how much was clamped", async () => {
    const trained = structuredClone(model);
    for (const { layers } of trained.parameters.generator.levels) {
      for (const { prior } of layers) {
        prior.label!.weight.fill(3);
        prior.conv2.weight.fill(1);
      }
    }
    const wild = await draw(trained, 2, { count: 2, guidance: { mean: 1e6, variance: 1e6 } });
    expect(wild.clamped).toBeGreaterThan(0);
    expect(wild.images).toHaveLength(2 * 192);
    const raised = draw(modelOf(), 1, { count: 1, guidance: { mean: 1, variance: 1 } });
    await expect(raised).rejects.toThrow("Guidance needs a model with classes");
  });
});

test("a super-resolution model enlarges what it is given", async () => {
  const model = modelOf({ model: tinySuperResolution, objective: { informationSchedule: false } });
  const lowResolution = Float32Array.from({ length: 2 * 48 }, (_, i) => Math.sin(i));
  const samples = await draw(model, 2, { count: 2, lowResolution });
  expect(samples.images).toHaveLength(2 * 192);
  await expect(draw(model, 2, { count: 2 })).rejects.toThrow(
    "needs 2 images of 4×4 pixels to enlarge (96 values), got 0",
  );
  await expect(draw(modelOf(), 2, { count: 2, lowResolution })).rejects.toThrow("only a super-resolution model");
});

test("a count of none and an aborted signal are refused", async () => {
  await expect(draw(modelOf(), 1, { count: 0 })).rejects.toThrow("Expected at least one image to draw, got 0");
  await expect(draw(modelOf(), 1, { count: 1, signal: AbortSignal.abort() })).rejects.toThrow("abort");
});

describe("reconstruction", () => {
  const model = modelOf();
  const images = discs(3);

  test("does not depend on the batch size", async () => {
    const whole = await reconstruct(model, images, { runtime, batch: 3 });
    expect(whole.images).toHaveLength(3 * 192);
    expect(await reconstruct(model, images, { runtime, batch: 2 })).toEqual(whole);
  });

  test("from none of the groups is a sample that ignores the images", async () => {
    const none = await reconstruct(model, images, { runtime, groups: 0 });
    const others = await reconstruct(model, discs(3, { start: 50 }), { runtime, groups: 0 });
    expect(none).toEqual(others);
    expect(await reconstruct(model, images, { runtime, groups: 1 })).not.toEqual(none);
    await expect(reconstruct(model, images, { runtime, groups: 4 })).rejects.toThrow(
      "from 0 to 3 latent groups, got 4",
    );
  });

  test("needs labels where the model knows classes", async () => {
    const conditional = modelOf({ model: { classes: 4 } });
    await reconstruct(conditional, discs(2, { labels: true }), { runtime });
    await expect(reconstruct(conditional, images, { runtime })).rejects.toThrow("a label for each of 3 images");
  });
});

describe("formation", () => {
  test("ends in the sample, or in the reconstruction, that all groups give", async () => {
    const model = modelOf();
    const stages = await drawFormation(model, 2, { runtime, seed: 5 });
    expect(stages).toHaveLength(3);
    expect(stages[2].images).toEqual((await draw(model, 2, { count: 2, seed: 5 })).images);
    expect(stages[0].images).not.toEqual(stages[2].images);
    const images = discs(2);
    const encoded = await drawFormation(model, images, { runtime, stages: [0, 3] });
    expect(encoded[1]).toEqual(await reconstruct(model, images, { runtime }));
    expect(image(encoded[0], 0)).toEqual(image(encoded[0], 1)); // the prior's mean alone
  });
});

describe("disposing", () => {
  test("rejects what is being drawn, and what is asked later", async () => {
    const sampler = new Sampler(modelOf(), { batch: 1, runtime });
    const drawing = [0, 1].map((seed) => sampler.sample({ count: 500, seed }));
    const failed = Promise.allSettled(drawing);
    await Promise.all([sampler.dispose(), sampler.dispose()]);
    for (const result of await failed) {
      expect(result).toMatchObject({ status: "rejected", reason: { message: "This sampler has been disposed." } });
    }
    await expect(sampler.sample({ count: 1 })).rejects.toThrow("This sampler has been disposed.");
    await expect(sampler.values({ count: 1 })).rejects.toThrow("This sampler has been disposed.");
  });

  test("happens at the end of a block that is using it", async () => {
    let left: Sampler | undefined;
    {
      await using sampler = new Sampler(modelOf(), { batch: 1, runtime });
      left = sampler;
      expect((await sampler.sample({ count: 1 })).count).toBe(1);
    }
    await expect(left.sample({ count: 1 })).rejects.toThrow("disposed");
  });
});
