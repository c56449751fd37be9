/**
 * @file What the authors' JAX code calls each of our parameters: paths of Flax, whose rules give the names that the code does
 * not spell. Modules made in `__call__` are counted for each class of them (`Conv_0`, `Conv_1`, `Embed_0`), elements of a
 * list that `setup` assigns for the list (`layer_list_0`).
 *
 * Lists mix blocks, attention layers and resampling in the order of execution, and resampling that does not change the
 * number of channels takes a place without having parameters. Encoder levels run from the highest resolution down.
 */
import type { ModelConfig } from "../config/index.js";
import { attentionPlaces, listPlaces, type ModelParameters, parameterEntries } from "../model/index.js";

// A convolution or dense layer, a block, an attention layer: leaves are paths.

const affine = (path: string) => ({ weight: `${path}/kernel`, bias: `${path}/bias` });

/** A block's second convolution stands in a module of its own where it is spectrally regularised. */
const block = (path: string, conditional: boolean, second = "Conv_1") => ({
  ...(conditional ? { label: { embedding: `${path}/Embed_0/embedding`, ...affine(`${path}/Dense_0`) } } : {}),
  conv1: affine(`${path}/Conv_0`),
  conv2: affine(`${path}/${second}`),
});

const attentionLayers = (list: string, places: number[]) =>
  places.length === 0
    ? {}
    : {
        attention: places.map((place) => ({
          query: affine(`${list}_${place}/Dense_0`),
          output: affine(`${list}_${place}/Dense_1`),
        })),
      };

function encoder({ levels, classes }: ModelConfig): ModelParameters<string>["encoder"] {
  return {
    input: affine("encoder/Conv_0"),
    levels: levels.map(({ encoderBlocks, attention }, index) => {
      const list = `encoder/EncoderLevel_${levels.length - 1 - index}/layer_list`;
      const places = listPlaces(encoderBlocks, attentionPlaces(encoderBlocks, attention).encoder);
      return {
        blocks: places.blocks.map((place) => block(`${list}_${place}`, classes > 0)),
        ...attentionLayers(list, places.attention),
        down: affine(`${list}_${places.resampling}/Conv_0`),
      };
    }),
  };
}

function generator({ levels, classes, finalBlocks }: ModelConfig): ModelParameters<string>["generator"] {
  const regularised = "ConvSR_0/Conv_0";
  return {
    initial: "initial_x",
    levels: levels.map(({ stochasticLayers, attention }, index) => {
      const list = `layer_list_${index}/layer_list`;
      const places = listPlaces(stochasticLayers, attentionPlaces(stochasticLayers, attention).generator);
      return {
        layers: places.blocks.map((place) => ({
          prior: block(`${list}_${place}/prior_block`, classes > 0, regularised),
          posterior: block(`${list}_${place}/posterior_block`, classes > 0, regularised),
          latent: { weight: `${list}_${place}/zproj/kernel` },
          shared: block(`${list}_${place}/shared_block`, classes > 0),
        })),
        ...attentionLayers(list, places.attention),
        up: affine(`${list}_${places.resampling}/Conv_0`),
      };
    }),
    finalBlocks: Array.from({ length: finalBlocks }, (_, index) => block(`output_blocks_${index}`, false)),
    output: affine("outproj"),
  };
}

/** Blocks are counted through the whole U-Net: down from the highest resolution, then up again. */
function uNet(depths: number[], conditional: boolean): ModelParameters<string>["superResolution"] {
  const path = "process_lowres_image";
  const sum = (counts: number[]) => counts.reduce((total, count) => total + count, 0);
  return {
    input: affine(`${path}/Conv_0`),
    levels: depths.map((count, level) => {
      const [down, up] = [sum(depths.slice(0, level)), sum(depths.slice(level + 1))];
      return {
        down: Array.from({ length: count }, (_, i) => block(`${path}/ResBlock_${down + i}`, conditional)),
        up: Array.from({ length: count }, (_, i) => ({
          merge: affine(`${path}/Conv_${1 + up + i}`),
          block: block(`${path}/ResBlock_${sum(depths) + up + i}`, conditional),
        })),
      };
    }),
  };
}

/**
 * The path in Flax of every parameter that a model of this configuration can have, by our path; of parameters that it does
 * not have (resampling that keeps the channels) too.
 *
 * @example
 * flaxNames(model).get("generator.levels.0.layers.1.prior.conv2.weight")
 * // "layer_list_0/layer_list_1/prior_block/ConvSR_0/Conv_0/kernel"
 */
export function flaxNames(model: ModelConfig): Map<string, string> {
  return new Map(
    parameterEntries({
      encoder: encoder(model),
      generator: generator(model),
      superResolution: uNet(model.superResolution?.blocks ?? [], model.classes > 0),
    }),
  );
}
