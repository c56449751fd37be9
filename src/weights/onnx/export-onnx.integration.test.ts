/** The exported files, run by ONNX Runtime itself, against the golden numbers and against our own sampler. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema } from "onnx-buf";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { maxRelativeError } from "../../../test/support/distance.js";
import { fixture, fixtureNames } from "../../../test/support/fixtures.js";
import { type Changes, discs, tinyConfig, tinySuperResolution } from "../../../test/support/tiny.js";
import { Runtime, sizeOf } from "../../engine/index.js";
import { toBytes } from "../../inference/pictures.js";
import { modelInputs } from "../../inference/programs/model-inputs.js";
import { outputNoise } from "../../inference/programs/output.js";
import { reconstruct } from "../../inference/sampling/reconstruct.js";
import { Sampler } from "../../inference/sampling/sampler.js";
import type { ParameterTree, TrainedModel } from "../../inference/trained-model.js";
import { latentsOfSamples } from "../../latents/latents.js";
import { normalNoise, stream } from "../../latents/noise.js";
import { groups, initialise, mapParameters, modelParameters } from "../../model/index.js";
import { outputChannels } from "../../objective/output-layers.js";
import { refine } from "../../refinement/refine.js";
import { openRefinement } from "../../refinement/refinement.js";
import { exportOnnx, onnxFile, onnxPrograms } from "./export-onnx.js";

let runtime: Runtime;
let folder: string;
const sessions = new Map<string, InferenceSession>();
beforeAll(() => {
  runtime = new Runtime({ threads: 1 });
  folder = mkdtempSync(join(tmpdir(), "strata-onnx-"));
});
afterAll(async () => {
  for (const session of sessions.values()) await session.release();
  await runtime.dispose();
  rmSync(folder, { recursive: true });
});

/** The fixtures' limit for samples, relative to the largest value. */
const LIMIT = 2e-5;
const data = { name: "", count: 10, classes: ["a", "b", "c", "d"], classCounts: [7, 0, 2, 1] };

type Elements = Float32Array | Int32Array;
type Feeds = Record<string, Elements>;

/** The inputs of a file that take one array for each latent group. */
const byGroup = (prefix: string, arrays: readonly Elements[]): Feeds =>
  Object.fromEntries(arrays.map((array, group) => [`${prefix}_${group}`, array]));

/** The session of a model's file, made once; models are told apart by their names. */
async function sessionOf(model: TrainedModel, file: string): Promise<InferenceSession> {
  const key = `${model.data.name} ${file}`;
  const program = onnxPrograms(model.config).find((candidate) => candidate.file === file)!;
  const session =
    sessions.get(key) ?? (await InferenceSession.create(onnxFile(model, program), { intraOpNumThreads: 1 }));
  sessions.set(key, session);
  return session;
}

/** Runs a model's file for a batch; shapes are those that the file declares. */
async function run(
  model: TrainedModel,
  file: string,
  batch: number,
  feeds: Feeds,
): Promise<Record<string, Float32Array>> {
  const session = await sessionOf(model, file);
  const tensors = session.inputMetadata.map((port) => {
    if (!port.isTensor) throw new Error(`${port.name} is no tensor`);
    const shape = port.shape.map((size) => (size === "N" ? batch : Number(size)));
    return [port.name, new Tensor(port.type as "float32", feeds[port.name] as Float32Array, shape)];
  });
  const results = await session.run(Object.fromEntries(tensors));
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]));
}

/** As much rate as it takes, for each image. */
const unlimited = (count: number) => new Float32Array(count).fill(Number.POSITIVE_INFINITY);

const clip = (values: ArrayLike<number>) => Float32Array.from(values, (value) => Math.min(Math.max(value, -1), 1));

/** Some images of a golden array, in any order. */
function take<Array extends Elements | Uint8Array>(
  { data, shape }: { data: Array; shape: number[] },
  images: number[],
) {
  const size = sizeOf(shape.slice(1));
  return Float32Array.from(images.flatMap((image) => [...data.subarray(image * size, (image + 1) * size)]));
}

function goldenModel(name: (typeof fixtureNames)[number]) {
  const golden = fixture(name);
  const parameters = mapParameters(golden.parameters, ({ data }) => data as Float32Array) as ParameterTree;
  const model: TrainedModel = { config: golden.config, parameters, step: 5, data: { ...data, name } };
  return { ...golden, model };
}

describe.each(fixtureNames)("%s at any batch size", (name) => {
  const { model, config, sample, sampleNoise, step, noise } = goldenModel(name);
  const { classes, superResolution } = config.model;
  const L = groups(config.model).length;
  const B = noise[0].shape[0];

  async function samplingError(
    images: number[],
    output: string,
    temperature = 1,
    weights?: { mean: number; variance: number },
  ) {
    const noLabel = output === "out.null_label";
    const label =
      classes > 0 ? Int32Array.from(take(sample("label"), images), (own) => (noLabel ? classes : own)) : undefined;
    const { image } = await run(model, weights ? "guided-sampler.onnx" : "sampler.onnx", images.length, {
      ...byGroup(
        "noise",
        sampleNoise().map(({ data, shape }) => take({ data: data as Float32Array, shape }, images)),
      ),
      temperature: Float32Array.of(temperature),
      ...(label ? { label } : {}),
      ...(superResolution
        ? { low_resolution: take(sample("img_lr"), images), low_resolution_noise: take(sample("eps.img_lr"), images) }
        : {}),
      ...(weights
        ? {
            guidance_mean: new Float32Array(images.length * L).fill(weights.mean),
            guidance_variance: new Float32Array(images.length * L).fill(weights.variance),
          }
        : {}),
    });
    return maxRelativeError(image, clip(take(sample(output), images)));
  }

  test.each([[[0]], [[1, 0]], [[0, B - 1, 1]]])("images %j are the golden samples", async (images) => {
    expect(await samplingError(images, "out.unguided")).toBeLessThan(LIMIT);
    expect(await samplingError(images, "out.unguided_T0.7", 0.7)).toBeLessThan(LIMIT);
    if (classes === 0) return;
    expect(await samplingError(images, "out.null_label")).toBeLessThan(LIMIT);
    expect(await samplingError(images, "out.unguided", 1, { mean: 0, variance: 0 })).toBeLessThan(LIMIT);
    expect(await samplingError(images, "out.m1.5_v5", 1, { mean: 1.5, variance: 5 })).toBeLessThan(LIMIT);
    expect(await samplingError(images, "out.m1.5_v5_T0.7", 0.7, { mean: 1.5, variance: 5 })).toBeLessThan(LIMIT);
  });

  // Its small images come with noise added, which the files do themselves.
  test.skipIf(superResolution)(
    "images are encoded at the golden rates and reconstructed as the golden ones",
    async () => {
      const kept =
        classes > 0 ? [...step("drop_mask").data].flatMap((dropped, image) => (dropped ? [] : [image])) : [0, 1, 2];
      expect(kept.length).toBeGreaterThan(1);
      for (const images of [kept, kept.slice(0, 1)]) {
        const feeds: Feeds = {
          image: take(step("img"), images),
          ...byGroup(
            "noise",
            noise.map(({ data, shape }) => take({ data: data as Float32Array, shape }, images)),
          ),
          ...(classes > 0 ? { label: Int32Array.from(take(step("label"), images)) } : {}),
        };
        const { rate_nats } = await run(model, "encoder.onnx", images.length, feeds);
        const kl = step("kl"); // [L, B]
        const expected = images.flatMap((image) => Array.from({ length: L }, (_, group) => kl.data[group * B + image]));
        expect(maxRelativeError(rate_nats, Float32Array.from(expected))).toBeLessThan(LIMIT);

        const all = { ...feeds, from_posterior: new Float32Array(L).fill(1), allotted_nats: unlimited(images.length) };
        const { reconstruction } = await run(model, "reconstructor.onnx", images.length, all);
        const size = 3 * config.model.resolution ** 2;
        const output = take(step("model_out"), images);
        const means = images.flatMap((_, row) => [...output.subarray(2 * row * size, (2 * row + 1) * size)]);
        expect(maxRelativeError(reconstruction, clip(means))).toBeLessThan(LIMIT);
      }
    },
  );
});

/** A model with random weights. */
function modelOf(changes: Changes = {}, name = ""): TrainedModel {
  const config = tinyConfig(changes);
  return {
    config,
    parameters: initialise(modelParameters(config.model, outputChannels(config.objective)), 1),
    step: 0,
    data: { ...data, name },
  };
}

const superResolution = {
  model: { ...tinySuperResolution, classes: 4 },
  objective: { informationSchedule: false },
} satisfies Changes;
const mixture = { objective: { output: "logistic-mixture", mixtures: 2 } } satisfies Changes;

const kinds: [string, Changes][] = [
  ["a model with classes", { model: { classes: 4 } }],
  ["a super-resolution model", superResolution],
  ["a model of a mixture of logistics", mixture],
];

describe.each(kinds)("%s", (name, changes) => {
  const model = modelOf(changes, name);
  const { config } = model;
  const shapes = groups(config.model).map(({ shape }) => shape);
  const indices = [0, 1, 2];
  const [one] = config.model.levels;
  const pictures = discs(3, { labels: config.model.classes > 0 });
  const output =
    config.objective.output === "logistic-mixture"
      ? { output_noise: outputNoise(config.objective, stream(4, "sampleOutput"), indices, 8) }
      : undefined;
  const labels = config.model.classes > 0 ? { label: Int32Array.of(0, 4, 2) } : undefined;

  test("draws what our sampler draws", async () => {
    const lowResolution = Float32Array.from({ length: 3 * 48 }, (_, index) => Math.sin(index));
    const noise = latentsOfSamples(config.model, indices, { seed: 4 });
    const [smallNoise] = normalNoise(stream(4, "sampleLowResolution"), indices, [[3, one.resolution, one.resolution]]);
    const { image } = await run(model, "sampler.onnx", 3, {
      ...byGroup("noise", noise),
      temperature: Float32Array.of(0.7),
      low_resolution: lowResolution,
      low_resolution_noise: smallNoise,
      ...labels,
      ...output,
    });
    const sampler = new Sampler(model, { batch: 3, runtime });
    const small = config.model.superResolution ? { lowResolution } : {};
    const samples = await sampler.sample({ count: 3, seed: 4, temperature: 0.7, labels: labels?.label, ...small });
    await sampler.dispose();
    expectAlike(toBytes(image), samples.images);
  });

  test("reconstructs what we reconstruct, and its encoder says how the sampler draws it again", async () => {
    const { images, labels: label, lowResolution } = modelInputs(config.model, pictures, indices, 4);
    const side = one.resolution;
    const [smallNoise] = normalNoise(stream(4, "posteriorLowResolution"), indices, [[3, side, side]]);
    const encoding: Feeds = {
      image: images as Float32Array,
      ...byGroup("noise", normalNoise(stream(4, "posteriorLatents"), indices, shapes)),
      low_resolution_noise: smallNoise,
      ...(label ? { label } : {}),
    };
    for (const stage of [1, shapes.length]) {
      const from_posterior = Float32Array.from(shapes, (_, group) => (group < stage ? 1 : 0));
      const feeds = { ...encoding, from_posterior, allotted_nats: unlimited(3), ...output };
      const { reconstruction } = await run(model, "reconstructor.onnx", 3, feeds);
      const expected = await reconstruct(model, pictures, { groups: stage, seed: 4, batch: 3, runtime });
      expectAlike(toBytes(reconstruction), expected.images);
    }
    const encoded = await run(model, "encoder.onnx", 3, encoding);
    const whole = await reconstruct(model, pictures, { seed: 4, batch: 3, runtime });
    const { image } = await run(model, "sampler.onnx", 3, {
      ...byGroup(
        "noise",
        shapes.map((_, group) => encoded[`sampler_noise_${group}`]),
      ),
      temperature: Float32Array.of(1),
      low_resolution: lowResolution as Float32Array,
      low_resolution_noise: new Float32Array(smallNoise.length), // there already
      ...(label ? { label } : {}),
      ...output,
    });
    expectAlike(toBytes(image), whole.images);
  });
});

/** Bytes may differ by one where the values before rounding lie near its edge. */
function expectAlike(actual: Uint8Array, expected: Uint8Array): void {
  expect(actual).toHaveLength(expected.length);
  const differences = actual.map((byte, index) => Math.abs(byte - expected[index]));
  expect(Math.max(...differences)).toBeLessThanOrEqual(1);
  expect(differences.filter((difference) => difference > 0).length).toBeLessThan(actual.length / 100);
}

test("with a refinement, a file draws what our sampler draws with it", async () => {
  const model = modelOf({ model: { classes: 4 } }, "refined");
  const images = discs(12, { labels: true });
  await refine(model, {
    ...{ images, runtime },
    out: join(folder, "flow"),
    groups: 2,
    draws: 64,
    limit: { steps: 12 },
  });
  const refinement = await openRefinement(model, join(folder, "flow"), { steps: 3 });
  const program = onnxPrograms(model.config, refinement).find(({ file }) => file === "refined-sampler.onnx")!;
  sessions.set("refined refined-sampler.onnx", await InferenceSession.create(onnxFile(model, program)));
  const label = Int32Array.of(0, 4, 2);
  const weights = [0, 1, 3];
  const { image } = await run(model, "refined-sampler.onnx", 3, {
    ...byGroup("noise", latentsOfSamples(model.config.model, [0, 1, 2], { seed: 4 })),
    ...{ temperature: Float32Array.of(0.7), label, refine_guidance: Float32Array.from(weights) },
  });
  await using sampler = new Sampler(model, { batch: 3, runtime, refinement });
  const asked = { count: 3, seed: 4, temperature: 0.7, labels: label };
  const samples = await sampler.sample({ ...asked, refineGuidance: weights });
  expectAlike(toBytes(image), samples.images);
  expect((await sampler.sample(asked)).images).not.toEqual(samples.images);
  const { files } = await exportOnnx(model, join(folder, "with-refinement"), { refinement });
  expect(files.map((file) => basename(file))).toContain("refined-sampler.onnx");
});

describe("what each image of a batch has of its own", () => {
  const model = modelOf({ model: { classes: 4 } }, "own");
  const shapes = groups(model.config.model).map(({ shape }) => shape);

  test("guidance weights: the tiles of a pad are one batch", async () => {
    const { model } = goldenModel("cond16"); // a model whose classes differ
    const shapes = groups(model.config.model).map(({ shape }) => shape);
    const sampler = new Sampler(model, { batch: 3, runtime });
    const labels = Int32Array.of(1, 1, 1);
    const noise = latentsOfSamples(model.config.model, [0, 0, 0], { seed: 4 });
    const weights = [0, 1, 3];
    const rows = Float32Array.from(weights.flatMap((weight) => shapes.map(() => weight)));
    const { image } = await run(model, "guided-sampler.onnx", 3, {
      ...byGroup("noise", noise),
      temperature: Float32Array.of(1),
      label: labels,
      guidance_mean: rows,
      guidance_variance: rows,
    });
    const tiles = toBytes(image);
    const size = tiles.length / 3;
    for (const [tile, weight] of weights.entries()) {
      const guidance = { mean: weight, variance: weight };
      const { images } = await sampler.sample({ count: 3, latents: noise, labels, guidance });
      expectAlike(tiles.subarray(tile * size, (tile + 1) * size), images.subarray(0, size));
    }
    expect(tiles.subarray(0, size)).not.toEqual(tiles.subarray(2 * size));
    await sampler.dispose();
  });

  test("the rate that may be spent: nothing of the first, some groups of the second, all of the third", async () => {
    const pictures = discs(3, { labels: true });
    const { images, labels: label } = modelInputs(model.config.model, pictures, [0, 1, 2], 4);
    const encoding: Feeds = {
      image: images as Float32Array,
      ...byGroup("noise", normalNoise(stream(4, "posteriorLatents"), [0, 1, 2], shapes)),
      label: label!,
    };
    const { rate_nats: rates } = await run(model, "encoder.onnx", 3, encoding);
    const second = rates.subarray(shapes.length, 2 * shapes.length);
    const some = (second[0] + second[1] + second[2]) / 2;
    expect(some).toBeGreaterThan(second[0]);
    const { reconstruction } = await run(model, "reconstructor.onnx", 3, {
      ...encoding,
      from_posterior: new Float32Array(shapes.length).fill(1),
      allotted_nats: Float32Array.of(0, some, Number.POSITIVE_INFINITY),
    });
    const size = 3 * model.config.model.resolution ** 2;
    const perDim = size * Math.LN2;
    for (const [row, nats] of [0, some, 1e9].entries()) {
      const expected = await reconstruct(model, pictures, {
        rateBitsPerDim: nats / perDim,
        seed: 4,
        batch: 3,
        runtime,
      });
      const one = (array: Uint8Array) => array.subarray(row * size, (row + 1) * size);
      expectAlike(one(toBytes(reconstruction)), one(expected.images));
    }
  });
});

describe("the files", () => {
  test("are four of a model with classes, three of one without", async () => {
    const names = ["sampler.onnx", "guided-sampler.onnx", "encoder.onnx", "reconstructor.onnx"];
    const conditional = await exportOnnx(modelOf({ model: { classes: 4 } }), join(folder, "new", "conditional"));
    expect(conditional.files).toEqual(names.map((name) => join(folder, "new", "conditional", name)));
    const { files } = await exportOnnx(modelOf(), folder);
    expect(files).toEqual(names.toSpliced(1, 1).map((name) => join(folder, name)));
    const session = await InferenceSession.create(files[0]);
    expect(session.inputNames).toEqual(["noise_0", "noise_1", "noise_2", "temperature"]);
    await session.release();
  });

  test("say what they are and what they take", () => {
    const model = modelOf({ model: { classes: 4 } });
    const [program] = onnxPrograms(model.config);
    const { metadataProps, docString } = fromBinary(ModelProtoSchema, onnxFile(model, program));
    const metadata = Object.fromEntries(metadataProps.map(({ key, value }) => [key, value]));
    expect(docString).toBe("Draws images from noise.");
    expect(JSON.parse(metadata.config)).toEqual(model.config);
    expect(JSON.parse(metadata.classes)).toEqual(["a", "b", "c", "d"]);
    expect(JSON.parse(metadata.noise_shapes)).toEqual([
      [4, 1, 1],
      [4, 4, 4],
      [4, 8, 8],
    ]);
    expect(JSON.parse(metadata.inputs).label).toEqual({
      dtype: "int32",
      shape: ["N"],
      meaning: "class, 0 to 3; 4 means no label",
    });
    expect(JSON.parse(metadata.outputs).image.shape).toEqual(["N", 3, 8, 8]);
    expect(metadata).toMatchObject({ resolution: "8", training_steps: "0", format_version: "2" });
  });

  test("are refused a place that is a file", async () => {
    const { files } = await exportOnnx(modelOf(), folder);
    await expect(exportOnnx(modelOf(), files[0])).rejects.toThrow(files[0]);
  });
});
