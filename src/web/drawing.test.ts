import { expect, test } from "vitest";
import { tinyModel } from "../../test/support/tiny.js";
import type { ModelConfig } from "../config/index.js";
import { latentsOfSamples } from "../latents/latents.js";
import { groups } from "../model/groups.js";
import { type DrawRequest, draw, encode } from "./drawing.js";
import type { GraphArray } from "./graphs.js";
import type { WebModelInfo } from "./manifest.js";

/** What a model of such a configuration says of itself. */
const infoOf = (config: ModelConfig): WebModelInfo => ({
  ...{ name: "discs", run: "runs/discs", config, outputNoise: null, classes: [], classCounts: [7, 0, 2, 1] },
  ...{ step: 0, parameters: 1, groups: groups(config).map(() => ({ share: null, klNats: null })) },
  refinement: null,
  enlarger: null,
});

const info = infoOf(tinyModel({ model: { classes: 4 } }).config.model);

/** Graphs that draw grey with a flow of velocity 1, and remember what they were given. */
function recording() {
  const runs: { name: string; inputs: Readonly<Record<string, GraphArray>> }[] = [];
  const run = async (name: string, inputs: Readonly<Record<string, GraphArray>>) => {
    runs.push({ name, inputs });
    const ones = ({ data }: GraphArray) => new Float32Array(data.length).fill(1);
    if (name === "velocity") return { velocity_0: ones(inputs.point_0), velocity_1: ones(inputs.point_1) };
    return { image: new Float32Array(inputs.noise_0.shape[0] * 3 * 64) } as Record<string, Float32Array>;
  };
  return { runs, run };
}

async function drawn(request: Partial<DrawRequest>, model = info) {
  const graphs = recording();
  const parts = [];
  for await (const part of draw(graphs, model, { count: 3, batch: 2, ...request })) parts.push(part);
  return { runs: graphs.runs, parts };
}

test("batches end where the images do, and have the noise of their samples", async () => {
  const { runs, parts } = await drawn({ seed: 5, temperature: 0.7 });
  expect(runs.map(({ name, inputs }) => [name, inputs.label.shape])).toEqual([
    ["sampler", [2]],
    ["sampler", [1]],
  ]);
  expect(parts.map(({ first, images }) => [first, images.length])).toEqual([
    [0, 2 * 192],
    [2, 192],
  ]);
  expect(parts[0].images[0]).toBe(128);
  const noise = latentsOfSamples(info.config, [2], { seed: 5, temperature: 0.7 });
  expect(runs[1].inputs.noise_2.data).toEqual(noise[2]);
  expect(runs[1].inputs.noise_2.shape).toEqual([1, 4, 8, 8]);
  expect(runs[1].inputs.temperature.data).toEqual(Float32Array.of(1)); // the noise has it already
});

test("guidance is of every image, and none where all weights are 0", async () => {
  const guided = await drawn({ guidances: [undefined, { mean: 1, variance: 2 }, { mean: 0, variance: 0 }], batch: 3 });
  expect(guided.runs[0].name).toBe("guided");
  expect(guided.runs[0].inputs.guidance_variance).toEqual({
    data: Float32Array.of(0, 0, 0, 2, 2, 2, 0, 0, 0),
    shape: [3, 3],
  });
  expect((await drawn({ guidance: { mean: 0, variance: 0 } })).runs[0].name).toBe("sampler");
});

test.each<[Partial<DrawRequest>, string]>([
  [{ count: 0 }, "Expected at least one image to draw, got 0."],
  [{ labels: Int32Array.of(0, 9, 0) }, "Expected labels from 0 to 3 (4: no label), got 9."],
  [{ latents: [new Float32Array(1)] }, "Expected noise of 3 latent groups for 3 images"],
  [{ temperature: -1 }, "Expected a temperature of 0 or more, got -1."],
  [{ guidances: [] }, "Expected guidance for each of 3 images, got 0."],
  [{ guidance: [{ resolution: 5, mean: 1, variance: 1 }] }, "expected a resolution among 1, 4, 8, got 5"],
])("refused as in Node: %j", async (request, message) => {
  await expect(drawn(request)).rejects.toThrow(message);
});

test("a model without classes has no labels, and cannot be guided", async () => {
  const plain = infoOf(tinyModel().config.model);
  const { runs } = await drawn({}, plain);
  expect(Object.keys(runs[0].inputs)).toEqual(["noise_0", "noise_1", "noise_2", "temperature"]);
  await expect(drawn({ guidance: { mean: 1, variance: 1 } }, plain)).rejects.toThrow(/needs a model with classes/);
});

test("images to encode have the model's size and, where it knows classes, labels", async () => {
  const images = new Uint8Array(192);
  const ask = (request: object) => encode(recording(), info, { images, count: 1, resolution: 8, batch: 4, ...request });
  await expect(ask({ resolution: 16 })).rejects.toThrow("Expected images of 8×8 pixels");
  await expect(ask({ count: 2, labels: Int32Array.of(0, 0) })).rejects.toThrow(
    "Expected 384 bytes of 2 images, got 192",
  );
  await expect(ask({})).rejects.toThrow("since the model knows 4 classes, got none");
  await expect(ask({ labels: Int32Array.of(5) })).rejects.toThrow("Expected labels from 0 to 3 (4: no label), got 5.");
});

test("a refinement carries the noise of the first groups along its flow, with a guidance weight for each image", async () => {
  const shown = { guidance: 1, temperature: [] };
  const model = { ...info, refinement: { groups: 2, steps: 2, shown } };
  const { runs } = await drawn({ refined: true, refineGuidance: [0, 2, 5], seed: 5 }, model);
  const velocity = ["velocity", "velocity", "flow-end"];
  expect(runs.map(({ name }) => name)).toEqual([...velocity, ...velocity]);
  expect([0, 3].map((run) => [...runs[run].inputs.refine_guidance.data])).toEqual([[0, 2], [5]]);
  expect([0, 1].map((run) => runs[run].inputs.time.data[0])).toEqual([1, expect.closeTo(2 / 3, 6)]);
  const noise = latentsOfSamples(info.config, [2], { seed: 5 });
  expect(runs[3].inputs.point_1.data).toEqual(noise[1]);
  const end = runs[5].inputs; // the velocity was 1 everywhere, and time fell from 1 to 0
  expect([...end.noise_1.data]).toEqual([...noise[1]].map((value) => expect.closeTo(value - 1, 5)));
  expect(end.noise_2.data).toEqual(noise[2]);
  expect((await drawn({ refined: true, refineGuidance: 1 }, model)).runs[3].inputs.refine_guidance.data).toEqual(
    Float32Array.of(1),
  );
  await expect(drawn({ refined: true })).rejects.toThrow("exported with a refinement, got one without");
  await expect(drawn({ refineGuidance: 1 }, model)).rejects.toThrow("Expected `refined` with `refineGuidance`");
  await expect(drawn({ refined: true, refineGuidance: [1] }, model)).rejects.toThrow("for each image");
  const guidance = { mean: 1, variance: 0 };
  await expect(drawn({ refined: true, guidance }, model)).rejects.toThrow("no guidance of the prior");
});
