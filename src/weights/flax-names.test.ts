import { expect, test } from "vitest";
import { fixture } from "../../test/support/fixtures.js";
import { flaxNames } from "./flax-names.js";

// Written from the authors' code. uncond16 and cond16 have levels at 1, 4, 8 and 16 with 2, 1, 2, 2 groups; cond16 has
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
  expect(flaxNames(fixture("cond16").model).get(path)).toBe(name);
});

test("the U-Net's blocks are counted down and up again, its convolutions after the first with them", () => {
  const model = { ...fixture("superres16").model, superResolution: { blocks: [2, 1], noise: 0.1 } };
  const names = flaxNames(model);
  const unet = "superResolution";
  expect(names.get(`${unet}.input.weight`)).toBe("process_lowres_image/Conv_0/kernel");
  expect(
    ["levels.0.down.0", "levels.0.down.1", "levels.1.down.0"].map((path) => names.get(`${unet}.${path}.conv1.bias`)),
  ).toEqual([0, 1, 2].map((index) => `process_lowres_image/ResBlock_${index}/Conv_0/bias`));
  const up = ["levels.1.up.0", "levels.0.up.0", "levels.0.up.1"];
  expect(up.map((path) => names.get(`${unet}.${path}.block.conv2.weight`))).toEqual(
    [3, 4, 5].map((index) => `process_lowres_image/ResBlock_${index}/Conv_1/kernel`),
  );
  expect(up.map((path) => names.get(`${unet}.${path}.merge.weight`))).toEqual(
    [1, 2, 3].map((index) => `process_lowres_image/Conv_${index}/kernel`),
  );
});
