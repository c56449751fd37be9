/** The network, its preparation of images and its features against numbers computed in float64 with the same weights. */
import type { numpy as np } from "@jax-js/jax";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import "../support/all-close.js";
import { type Compiled, compile, type Operand, Runtime, spec } from "../../src/engine/index.js";
import { inceptionExtractor } from "../../src/quality/inception/inception.js";
import {
  featuresOf,
  type InceptionWeights,
  inceptionLayers,
  inceptionSpecs,
} from "../../src/quality/inception/network.js";
import { type ResizeConvention, resizeForInception } from "../../src/quality/inception/resize.js";
import { foldWeights } from "../../src/quality/inception/weights.js";
import { readGolden, readGoldenJson } from "../support/golden.js";
import { ruledTensors } from "../support/inception-weights.js";

const golden = readGolden("inception/expected.safetensors");
const images = readGolden("inception/images_u8.safetensors");
const layerNames: string[] = readGoldenJson("inception/names.json").layer_order_of_block_tensors;

const runtime = new Runtime();
afterAll(() => runtime.dispose());

interface Results {
  pooled: Float32Array;
  spatial: Float32Array;
  logits: Float32Array;
  layers: Record<string, Float32Array>;
}

let weights: InceptionWeights<Float32Array>;
let network: Compiled<[images: Operand], Results>;
beforeAll(async () => {
  weights = foldWeights(ruledTensors(), "the fixture");
  const all = (parameters: InceptionWeights<np.Array>, x: np.Array) => {
    const layers = inceptionLayers(parameters, x);
    const own = Object.fromEntries(Object.entries(layers).map(([name, layer]) => [name, layer.ref]));
    return { ...featuresOf(own, parameters.classifier), layers: layers as Record<string, np.Array> };
  };
  const args = [inceptionSpecs(), spec([COUNT, 3, 299, 299])] as const;
  network = await compile(all, args, { runtime, constants: [weights] });
});

/** Largest deviation, relative to the largest number expected. */
function deviation(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  let [largest, scale] = [0, 0];
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(actual[i] - expected[i]));
    scale = Math.max(scale, Math.abs(expected[i]));
  }
  return largest / scale;
}

function softmax(logits: Float32Array): number[] {
  const powers = Array.from(logits, Math.exp);
  const sum = powers.reduce((total, power) => total + power);
  return powers.map((power) => power / sum);
}

/** The six images of 32×32, then the two of 64×64. */
const sizes = [32, 64];
const COUNT = 8;

/** All images, resized. */
async function resized(convention: ResizeConvention): Promise<Float32Array> {
  const results = sizes.map(async (size) => {
    const { shape, data } = images(`images${size}`);
    const program = await compile((x: np.Array) => resizeForInception(x, convention), [spec(shape)], { runtime });
    return program.run(Float32Array.from(data));
  });
  return Float32Array.from((await Promise.all(results)).flatMap((each) => [...each]));
}

describe.each<[ResizeConvention, string]>([
  ["tensorflow", "tf1"],
  ["pytorch", "pytorch_fid"],
])("images resized as %s does", (convention, prefix) => {
  const expected = (name: string) => golden(`${prefix}.${name}`).data as Float32Array;
  let input: Float32Array;
  let results: Results;
  beforeAll(async () => {
    input = await resized(convention);
    results = await network.run(input);
  });

  test("pixels", () => {
    const coordinates = golden("resized.coords").data;
    const samples = Array.from({ length: COUNT * 16 * 3 }, (_, place) => {
      const [image, sample, channel] = [Math.floor(place / 48), Math.floor(place / 3) % 16, place % 3];
      const [y, x] = coordinates.subarray(2 * sample, 2 * sample + 2);
      return input[((image * 3 + channel) * 299 + y) * 299 + x];
    });
    expect(samples).toBeAllClose(expected("resized.samples"), { rtol: 0, atol: 1e-5 });
  });

  test.each(layerNames.map((name, layer): [string, number] => [name, layer]))("%s", (name, layer) => {
    const [channels, height, width] = golden("block.shape").data.subarray(3 * layer, 3 * layer + 3);
    const places = golden("block.sample_index").data.subarray(3 * 16 * layer, 3 * 16 * (layer + 1));
    const size = channels * height * width;
    for (let image = 0; image < COUNT; image++) {
      const elements = results.layers[name].subarray(image * size, (image + 1) * size);
      const samples = Array.from({ length: 16 }, (_, sample) => {
        const [c, y, x] = places.subarray(3 * sample, 3 * sample + 3);
        return elements[(c * height + y) * width + x];
      });
      const row = image * layerNames.length + layer;
      expect(deviation(samples, expected("block.samples").subarray(16 * row, 16 * row + 16))).toBeLessThan(2e-5);
      let [sum, squares] = [0, 0];
      for (const element of elements) {
        sum += element;
        squares += element ** 2;
      }
      const mean = sum / size;
      expect(deviation([mean], [expected("block.mean")[row]])).toBeLessThan(2e-5);
      expect(deviation([Math.sqrt(squares / size - mean ** 2)], [expected("block.std")[row]])).toBeLessThan(2e-5);
    }
  });

  test("features", () => {
    expect(deviation(results.pooled, expected("pool3"))).toBeLessThan(2e-5);
    expect(deviation(results.logits, expected("logits_nobias"))).toBeLessThan(2e-5);
    expect(deviation(results.spatial, expected("sfid_spatial"))).toBeLessThan(5e-5);
    const probabilities = Array.from({ length: COUNT }, (_, image) =>
      softmax(results.logits.subarray(1008 * image, 1008 * (image + 1))),
    );
    expect(deviation(probabilities.flat(), expected("probs_nobias"))).toBeLessThan(5e-5);
  });
});

test("an extractor gives the features of any number of images", async () => {
  const all = images("images32").data as Uint8Array;
  const extractor = await inceptionExtractor(weights, "0", { resolution: 32, batch: 2, runtime });
  const three = { images: all.subarray(0, 3 * 3 * 32 ** 2), count: 3, resolution: 32 };
  const { pooled, spatial, logits } = await extractor.extract(three);
  await extractor.dispose();
  expect(deviation(pooled, golden("tf1.pool3").data.subarray(0, 3 * 2048))).toBeLessThan(2e-5);
  expect(deviation(spatial!, golden("tf1.sfid_spatial").data.subarray(0, 3 * 2023))).toBeLessThan(5e-5);
  expect(deviation(logits!, golden("tf1.logits_nobias").data.subarray(0, 3 * 1008))).toBeLessThan(2e-5);
});
