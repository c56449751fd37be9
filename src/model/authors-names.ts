/**
 * @file What the authors' PyTorch code calls each of our parameters.
 *
 * Their levels run from the highest resolution down in the encoder, from the lowest up in the generator, and their lists
 * mix blocks, attention layers and resampling convolutions in the order of execution. Shapes and layouts are ours.
 */
import type { ModelConfig } from "../config/index.js";
import { attentionPlaces, listPlaces } from "./attention-places.js";
import { parameterEntries } from "./parameter-tree.js";
import type { Affine, Attention, Block, ModelParameters } from "./parameters.js";
import { modelParameters } from "./parameters.js";

const affine = (name: string): Affine<string> => ({ weight: `${name}.weight`, bias: `${name}.bias` });

/** A block's names; prior and posterior blocks wrap their second convolution once more. */
const block = (name: string, conditional: boolean, conv2 = "conv2"): Block<string> => ({
  ...(conditional
    ? {
        label: {
          embedding: `${name}.label_emb.weight`,
          weight: `${name}.label_proj.weight`,
          bias: `${name}.label_proj.bias`,
        },
      }
    : {}),
  conv1: affine(`${name}.conv1`),
  conv2: affine(`${name}.${conv2}`),
});

const attention = (name: string): Attention<string> => ({
  query: affine(`${name}.qproj`),
  output: affine(`${name}.outproj`),
});

/** Attention in the order of the configuration's places, absent where there is none. */
const attentionNames = (list: string, at: number[]) =>
  at.length > 0 ? { attention: at.map((position) => attention(`${list}.${position}`)) } : {};

function names(model: ModelConfig): ModelParameters<string> {
  const { levels, classes } = model;
  const conditional = classes > 0;
  const encoderLevels = levels.map(({ encoderBlocks, attention: count }, index) => {
    const list = `encoder.encoder_levels.${levels.length - 1 - index}.layer_list`;
    const at = listPlaces(encoderBlocks, attentionPlaces(encoderBlocks, count).encoder);
    return {
      blocks: at.blocks.map((position) => block(`${list}.${position}`, conditional)),
      ...attentionNames(list, at.attention),
      down: affine(`${list}.${at.resampling}.conv_layer`),
    };
  });
  const generatorLevels = levels.map(({ stochasticLayers, attention: count }, index) => {
    const list = `layer_list.${index}.layer_list`;
    const at = listPlaces(stochasticLayers, attentionPlaces(stochasticLayers, count).generator);
    return {
      layers: at.blocks.map((position) => ({
        prior: block(`${list}.${position}.prior_block`, conditional, "conv2.conv"),
        posterior: block(`${list}.${position}.posterior_block`, conditional, "conv2.conv"),
        latent: { weight: `${list}.${position}.zproj.weight` },
        shared: block(`${list}.${position}.shared_block`, conditional),
      })),
      ...attentionNames(list, at.attention),
      up: affine(`${list}.${at.resampling}.conv_layer`),
    };
  });
  const unet = "process_lowres_image";
  const depths = model.superResolution?.blocks ?? [];
  return {
    encoder: { input: affine("encoder.in_proj"), levels: encoderLevels },
    generator: {
      initial: "initial_x",
      levels: generatorLevels,
      finalBlocks: Array.from({ length: model.finalBlocks }, (_, index) => block(`output_blocks.${index}`, false)),
      output: affine("outproj"),
    },
    superResolution: {
      input: affine(`${unet}.in_proj`),
      levels: depths.map((count, index) => ({
        down: Array.from({ length: count }, (_, i) => block(`${unet}.down_resblocks.${index}.${i}`, conditional)),
        // Up-sampling lists run from the lowest resolution, a merging convolution before every block.
        up: Array.from({ length: count }, (_, i) => ({
          merge: affine(`${unet}.up_resblocks.${depths.length - 1 - index}.${2 * i}`),
          block: block(`${unet}.up_resblocks.${depths.length - 1 - index}.${2 * i + 1}`, conditional),
        })),
      })),
    },
  };
}

/**
 * The authors' name of every parameter of a model, by our path, in our order: one to one, so that a map from their names
 * is the same list turned round.
 *
 * @example
 * authorsNames(model).get("generator.levels.0.layers.1.prior.conv2.weight")
 * // "layer_list.0.layer_list.1.prior_block.conv2.conv.weight"
 */
export function authorsNames(model: ModelConfig): Map<string, string> {
  const all = new Map(parameterEntries(names(model)));
  const anyOutput = 6; // the names do not depend on the number of output channels
  return new Map(parameterEntries(modelParameters(model, anyOutput)).map(([path]) => [path, all.get(path)!]));
}
