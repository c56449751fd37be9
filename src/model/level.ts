/** @file What a level of the encoder and one of the generator have in common: attention among their layers, then resampling. */
import { type Attention, attentionParameters } from "./attention.js";
import { type Affine, convolutionParameters } from "./layers.js";
import { ForeignName, ParameterSpec } from "./parameter.js";

/**
 * The elements of a level as the authors list them, in the order of execution: layers, attention layers, and at the end the
 * resampling, which takes a place even where it has no parameters.
 */
export interface LevelList {
  layers: ForeignName[];
  attention: ForeignName[];
  resampling: ForeignName;
}

/** The list of a level with `count` layers, where an attention layer follows each of the `places`. */
export function levelList(level: ForeignName, count: number, places: number[]): LevelList {
  const list = level.inside("layer_list", 0);
  const attentionBefore = (index: number) => places.filter((place) => place < index).length;
  return {
    layers: Array.from({ length: count }, (_, index) => list.element(index + attentionBefore(index))),
    attention: places.map((place, earlier) => list.element(place + earlier + 1)),
    resampling: list.element(count + places.length),
  };
}

/** The attention layers of a level; no key where there is none. */
export function levelAttention({ attention }: LevelList, channels: number): { attention?: Attention<ParameterSpec>[] } {
  return attention.length > 0 ? { attention: attention.map((names) => attentionParameters(names, channels)) } : {};
}

/** The 3×3 convolution after pooling or upsampling, for levels of unequal channels. */
export function resamplingParameters(
  { resampling }: LevelList,
  channels: { from: number; to: number },
): Affine<ParameterSpec> {
  const { convolution } = resampling.parts({ convolution: { torch: "conv_layer", flax: "Conv_0" } });
  return convolutionParameters(convolution, { ...channels, kernel: 3 });
}

/** What is added at the start of a level, [1, C, r, r], so that places differ (Child 2021). The authors' networks have none. */
export const positionParameters = (channels: number, resolution: number): ParameterSpec =>
  new ParameterSpec([1, channels, resolution, resolution], { kind: "zeros" }, ForeignName.model);
