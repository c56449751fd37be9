/** @file The picture of given latents: of every group, none drawn. */
import type { Images } from "../../data/image-set.js";
import type { Latents } from "../../latents/latents.js";
import { groups } from "../../model/index.js";
import type { BatchedOptions } from "../execution-options.js";
import type { TrainedModel } from "../trained-model.js";
import { Sampler } from "./sampler.js";

/**
 * Decodes latents z, such as posterior means, those of several images mixed, or moved in some direction.
 *
 * @param latents - z of every group, [count, Z, r, r]
 * @param labels - [count] in models with classes
 * @throws UserError when the latents do not fit the model; the signal's reason when aborted
 */
export async function decodeLatents(
  model: TrainedModel,
  latents: Latents,
  { labels, signal, ...options }: BatchedOptions & { labels?: Int32Array } = {},
): Promise<Images> {
  const all = groups(model.config.model);
  const [channels, side] = all[0].shape;
  const count = latents[0].length / (channels * side ** 2);
  const given = { groups: all.length, draw: async (z: readonly Float32Array[]) => [...z], dispose: async () => {} };
  await using sampler = new Sampler(model, { ...options, refinement: given });
  const { images, resolution } = await sampler.sample({ count, latents, labels, signal });
  return { images, count, resolution };
}
