import { expect, test } from "vitest";
import { fixture } from "../../test/support/fixtures.js";
import { readGoldenJson } from "../../test/support/golden.js";
import { resolvePreset } from "../config/index.js";
import { groups } from "./groups.js";
import {
  countParameters,
  foreignNames,
  initialise,
  type ModelParameters,
  mapParameters,
  modelParameters,
  parameterEntries,
} from "./network.js";
import { ForeignName, type Initialiser, ParameterSpec } from "./parameter.js";

const { parameter_counts: published } = readGoldenJson("schedule.json");

test.each([
  ["cifar10", 45_365_958],
  ["imagenet32", 198_515_142],
  ["imagenet64-superres", 147_531_590],
] as const)("%s has %i parameters", (name, count) => {
  const specs = modelParameters(resolvePreset(name).model, 6);
  expect(countParameters(specs)).toBe(count);
  expect(parameterEntries(specs)).toHaveLength(published[name.replace("-superres", "")].tensors);
});

test("a mixture of ten logistics takes 100 output channels, and changes nothing else", () => {
  const { model } = resolvePreset("cifar10");
  const specs = modelParameters(model, 100);
  expect(specs.generator.output.weight.shape).toEqual([100, 128, 1, 1]);
  expect(countParameters(specs) - countParameters(modelParameters(model, 6))).toBe(94 * 129);
});

test("scales of the initial distributions", () => {
  const { encoder, generator, superResolution } = modelParameters(resolvePreset("imagenet64-superres").model, 6);
  const scale = (spec: { init: object }) => (spec.init as { scale: number }).scale;
  const { prior, posterior, latent, shared } = generator.levels[0].layers[0];
  expect(scale(encoder.levels[0].blocks[0].conv1.weight)).toBe(1);
  expect(scale(encoder.levels[0].blocks[0].conv2.weight)).toBeCloseTo(1 / Math.sqrt(28));
  expect(scale(prior.conv2.weight)).toBe(1e-10);
  expect(scale(posterior.conv2.weight)).toBe(1);
  for (const { weight } of [latent, shared.conv2, generator.finalBlocks[0].conv2]) {
    expect(scale(weight)).toBeCloseTo(1 / Math.sqrt(40));
  }
  expect(scale(superResolution!.levels[0].down[0].conv2.weight)).toBeCloseTo(1 / Math.sqrt(12));
  expect(generator.levels[0].attention![0].output.weight.init).toEqual({ kind: "zeros" });
  expect(shared.label!.embedding).toMatchObject({ shape: [1001, 64], init: { kind: "normal", variance: 1 / 64 } });
});

test("learned positions are a state for every level above the lowest, in the encoder and in the generator, and start as 0", () => {
  const { model } = resolvePreset("cifar10");
  const specs = modelParameters({ ...model, positions: true }, 6);
  const added = parameterEntries(specs).filter(([path]) => path.endsWith("position"));
  expect(added.map(([path, { shape }]) => [path, shape])).toEqual(
    ["encoder", "generator"].flatMap((part) =>
      [4, 8, 16, 32].map((r, level) => [`${part}.levels.${level + 1}.position`, [1, 128, r, r]]),
    ),
  );
  for (const [, { init }] of added) expect(init).toEqual({ kind: "zeros" });
  expect(parameterEntries(specs)).toHaveLength(parameterEntries(modelParameters(model, 6)).length + added.length);
});

test("groups run from the lowest resolution up", () => {
  const all = groups(resolvePreset("cifar10").model);
  expect(all).toHaveLength(39);
  expect(all[3]).toEqual({ index: 3, level: 1, layer: 0, resolution: 4, channels: 16, shape: [16, 4, 4] });
  expect(all.at(-1)).toMatchObject({ index: 38, level: 4, layer: 13, resolution: 32 });
});

test("paths name parameters, and mapping keeps the tree", () => {
  const specs = modelParameters(resolvePreset("cifar10").model, 6);
  const paths = parameterEntries(specs).map(([path]) => path);
  expect(new Set(paths).size).toBe(paths.length);
  expect(paths).toContain("generator.levels.0.layers.1.prior.conv1.weight");
  const named = mapParameters(specs, (_, path) => path);
  expect(named.generator.levels[0].layers[1].prior.conv1.weight).toBe("generator.levels.0.layers.1.prior.conv1.weight");
});

test("every parameter has the authors' name for it, every name of theirs a parameter, in the order of their model.parameters()", () => {
  for (const name of ["uncond16", "cond16", "superres16"]) {
    // the fixtures' tests read all tensors by these names; here: that none is left over
    const { model, derived } = readGoldenJson(`${name}/config.json`);
    const levels = derived.resolutions_high_to_low.map((resolution: number, i: number) => ({
      resolution,
      channels: model.c * model.c_mult[i],
      encoderBlocks: model.enc_nlayers[i],
      stochasticLayers: model.nlayers[i],
      attention: model.num_attention[i],
    }));
    const names = foreignNames({
      resolution: model.resolution,
      classes: model.num_classes,
      latentChannels: model.zdim,
      finalBlocks: model.num_final_blocks,
      positions: false,
      levels: levels.reverse(),
      ...(model.is_superres ? { superResolution: { blocks: model.superres_nlayers, noise: 0.1 } } : {}),
    });
    const ordered = [...names.values()].sort(ForeignName.compare);
    expect(ordered.map(({ torch }) => torch)).toEqual(derived.parameter_order);
  }
});

test("several attention layers of a level, and a U-Net of several levels, are counted as the authors' lists are", () => {
  const level = { channels: 8, encoderBlocks: 6, stochasticLayers: 6, attention: 2 };
  const names = foreignNames({
    resolution: 16,
    classes: 0,
    latentChannels: 4,
    finalBlocks: 1,
    positions: false,
    levels: [
      { ...level, resolution: 8 },
      { ...level, resolution: 16, channels: 4 },
    ],
    superResolution: { blocks: [2, 1], noise: 0.1 },
  });
  // Written from the authors' code: attention after the second and fourth of six groups, and after the blocks 2 and 4, from 0.
  const generator = (path: string) =>
    Number(/^layer_list\.0\.layer_list\.(\d+)/.exec(names.get(`generator.levels.0.${path}`)!.torch)![1]);
  const encoder = (path: string) =>
    Number(/^encoder\.encoder_levels\.1\.layer_list\.(\d+)/.exec(names.get(`encoder.levels.0.${path}`)!.torch)![1]);
  expect([0, 1, 2, 3, 4, 5].map((layer) => generator(`layers.${layer}.latent.weight`))).toEqual([0, 1, 3, 4, 6, 7]);
  expect([0, 1].map((layer) => generator(`attention.${layer}.query.weight`))).toEqual([2, 5]);
  expect([0, 1, 2, 3, 4, 5].map((block) => encoder(`blocks.${block}.conv1.weight`))).toEqual([0, 1, 2, 4, 5, 7]);
  expect([0, 1].map((layer) => encoder(`attention.${layer}.query.weight`))).toEqual([3, 6]);
  expect(names.get("generator.levels.0.up.weight")!.torch).toBe("layer_list.0.layer_list.8.conv_layer.weight");
  const unet = "process_lowres_image";
  expect(names.get("superResolution.levels.0.down.1.conv1.bias")!.torch).toBe(`${unet}.down_resblocks.0.1.conv1.bias`);
  expect(names.get("superResolution.levels.1.up.0.merge.weight")!.torch).toBe(`${unet}.up_resblocks.0.0.weight`);
  expect(names.get("superResolution.levels.0.up.1.block.conv2.weight")!.torch).toBe(
    `${unet}.up_resblocks.1.3.conv2.weight`,
  );
});

// Flax, written from the authors' code. uncond16 and cond16 have levels at 1, 4, 8 and 16 with 2, 1, 2, 2 groups; cond16 has
// attention and another number of channels at 16; superres16 has 8 and 16.

test.each([
  ["encoder.input.weight", "encoder/Conv_0/kernel"],
  ["encoder.levels.3.blocks.1.conv2.bias", "encoder/EncoderLevel_0/layer_list_1/Conv_1/bias"],
  ["encoder.levels.0.blocks.0.label.weight", "encoder/EncoderLevel_3/layer_list_0/Dense_0/kernel"],
  ["encoder.levels.3.attention.0.output.weight", "encoder/EncoderLevel_0/layer_list_2/Dense_1/kernel"],
  ["encoder.levels.3.down.weight", "encoder/EncoderLevel_0/layer_list_3/Conv_0/kernel"],
  ["generator.initial", "initial_x"],
  ["generator.levels.0.layers.1.prior.conv1.weight", "layer_list_0/layer_list_1/prior_block/Conv_0/kernel"],
  ["generator.levels.0.layers.1.prior.conv2.weight", "layer_list_0/layer_list_1/prior_block/ConvSR_0/Conv_0/kernel"],
  [
    "generator.levels.2.layers.1.posterior.label.embedding",
    "layer_list_2/layer_list_2/posterior_block/Embed_0/embedding",
  ],
  ["generator.levels.2.layers.0.latent.weight", "layer_list_2/layer_list_0/zproj/kernel"],
  ["generator.levels.3.layers.1.shared.conv2.bias", "layer_list_3/layer_list_2/shared_block/Conv_1/bias"],
  ["generator.levels.3.attention.0.query.bias", "layer_list_3/layer_list_1/Dense_0/bias"],
  ["generator.levels.2.up.bias", "layer_list_2/layer_list_3/Conv_0/bias"],
  ["generator.finalBlocks.1.conv1.weight", "output_blocks_1/Conv_0/kernel"],
  ["generator.output.bias", "outproj/bias"],
])("cond16: %s", (path, name) => {
  expect(foreignNames(fixture("cond16").model).get(path)!.flax).toBe(name);
});

test("the U-Net's blocks are counted down and up again, its convolutions after the first with them", () => {
  const model = { ...fixture("superres16").model, superResolution: { blocks: [2, 1], noise: 0.1 } };
  const names = foreignNames(model);
  const flax = (path: string) => names.get(path)!.flax;
  const unet = "superResolution";
  expect(flax(`${unet}.input.weight`)).toBe("process_lowres_image/Conv_0/kernel");
  expect(
    ["levels.0.down.0", "levels.0.down.1", "levels.1.down.0"].map((path) => flax(`${unet}.${path}.conv1.bias`)),
  ).toEqual([0, 1, 2].map((index) => `process_lowres_image/ResBlock_${index}/Conv_0/bias`));
  const up = ["levels.1.up.0", "levels.0.up.0", "levels.0.up.1"];
  expect(up.map((path) => flax(`${unet}.${path}.block.conv2.weight`))).toEqual(
    [3, 4, 5].map((index) => `process_lowres_image/ResBlock_${index}/Conv_1/kernel`),
  );
  expect(up.map((path) => flax(`${unet}.${path}.merge.weight`))).toEqual(
    [1, 2, 3].map((index) => `process_lowres_image/Conv_${index}/kernel`),
  );
});

const parameter = (shape: number[], init: Initialiser) => new ParameterSpec(shape, init, ForeignName.model);

/** A tree with one parameter of interest among fillers. */
const alone = (spec: ParameterSpec): ModelParameters<ParameterSpec> => ({
  encoder: { input: { weight: spec, bias: parameter([7], { kind: "zeros" }) }, levels: [] },
  generator: { levels: [], finalBlocks: [], output: { weight: spec, bias: parameter([1], { kind: "zeros" }) } },
});
const drawn = (spec: ParameterSpec, seed = 3) => initialise(alone(spec), seed).encoder.input.weight;

function moments(values: Float32Array) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const largest = values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
  return { mean, variance, largest };
}

test("Glorot uniform, scaled", () => {
  const { mean, variance, largest } = moments(drawn(parameter([32, 16, 3, 3], { kind: "glorot-uniform", scale: 0.5 })));
  const limit = 0.5 * Math.sqrt(6 / (16 * 9 + 32 * 9));
  expect(mean / limit).toBeCloseTo(0, 1);
  expect(variance / (limit ** 2 / 3)).toBeCloseTo(1, 1);
  expect(largest / limit).toBeCloseTo(1, 2);
  expect(largest).toBeLessThanOrEqual(limit);
});

test("LeCun normal is cut off at two deviations of the normal it is made from", () => {
  const { variance, largest } = moments(drawn(parameter([200, 50], { kind: "lecun-normal" })));
  expect(variance * 50).toBeCloseTo(1, 1);
  expect(largest * Math.sqrt(50)).toBeLessThanOrEqual(2 / 0.8796);
  expect(largest * Math.sqrt(50)).toBeGreaterThan(2.2);
});

test("normal of the given variance, zeros", () => {
  const { mean, variance } = moments(drawn(parameter([101, 64], { kind: "normal", variance: 1 / 64 })));
  expect(mean).toBeCloseTo(0, 2);
  expect(variance * 64).toBeCloseTo(1, 1);
  expect(initialise(alone(parameter([2], { kind: "zeros" })), 0).encoder.input.bias).toEqual(new Float32Array(7));
});

test("the seed decides, and no two parameters share their numbers", () => {
  const spec = parameter([8, 8, 3, 3], { kind: "glorot-uniform", scale: 1 });
  expect(drawn(spec, 5)).toEqual(drawn(spec, 5));
  expect(drawn(spec, 5)).not.toEqual(drawn(spec, 6));
  const { encoder, generator } = initialise(alone(spec), 5);
  expect(encoder.input.weight).not.toEqual(generator.output.weight);
});
