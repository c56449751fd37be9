/** @file What a model knows of images: the means of its posteriors, group by group. */
import { numpy as np } from "@jax-js/jax";
import type { Config } from "../../config/index.js";
import type { Images, Pixels } from "../../data/image-set.js";
import { groups, type ModelParameters } from "../../model/index.js";
import { autoEncode, type ModelInputs } from "../../objective/auto-encode.js";
import { type Portion, runPortions } from "../batches.js";
import { compileForModel } from "../programs/compiled.js";
import { checkModelImages, modelInputSpecs, modelInputs } from "../programs/model-inputs.js";
import type { TrainedModel } from "../trained-model.js";
import { type MeasurementOptions, measuredAtOnce } from "./measurement-options.js";

/** What is known of some images that follow one another. */
export interface PosteriorMeans {
  /** Index of the first image, and how many there are. */
  first: number;
  used: number;
  /** μ of every group, L arrays of [used, Z, r, r]. */
  means: Float32Array[];
  /** KL of every group, [used, L], nats. */
  klNats: Float32Array;
}

/** How {@link posteriorMeans} goes through images. */
export interface PosteriorMeansOptions extends Omit<MeasurementOptions, "count"> {
  /** The image to begin with. Default 0. */
  first?: number;
}

/**
 * The means of the posteriors q(z_i | z_<i, x) of images, every group before at its own mean: nothing is drawn. Where the model has
 * classes, its encoder sees the labels of the images.
 *
 * @throws UserError when the images do not fit the model; the signal's reason when aborted
 */
export async function* posteriorMeans(
  { config, parameters }: Pick<TrainedModel, "config" | "parameters">,
  images: Images<Pixels>,
  { first = 0, seed = 0, signal, onProgress, runtime, ...options }: PosteriorMeansOptions = {},
): AsyncGenerator<PosteriorMeans, void> {
  checkModelImages(config.model, images);
  const { batch } = measuredAtOnce(options, images);
  const pass = (weights: ModelParameters<np.Array>, inputs: ModelInputs) => meansPass(config, weights, inputs);
  const specs = modelInputSpecs(config.model, batch);
  await using program = await compileForModel(pass, { name: "means", config }, parameters, specs, runtime);
  const begin = ({ indices }: Portion) => {
    const places = indices.map((index) => Math.min(first + index, images.count - 1));
    return program.run(modelInputs(config.model, images, places, seed));
  };
  const report = (done: number) => onProgress?.(first + done, images.count);
  const portions = runPortions(images.count - first, batch, begin, { signal, onProgress: report });
  for await (const { first: start, used, result } of portions) {
    const means = result.means.map((values) => values.subarray(0, used * (values.length / batch)));
    const { length } = means;
    const klNats = Float32Array.from({ length: used * length }, (_, place) => {
      const [row, group] = [Math.floor(place / length), place % length];
      return result.klNats[group * batch + row];
    });
    yield { first: first + start, used, means, klNats };
  }
}

/** Means, L arrays of [N, Z, r, r], and [L, N] nats. Everything is borrowed. */
function meansPass(
  { model }: Pick<Config, "model">,
  parameters: ModelParameters<np.Array>,
  batch: ModelInputs,
): { means: np.Array[]; klNats: np.Array } {
  const [count] = batch.images.shape;
  const noise = groups(model).map(({ shape }) => np.zeros([count, ...shape]));
  const means: np.Array[] = [];
  const { output, klNats } = autoEncode(parameters, model, batch, noise, ({ index }, q, p) => {
    means[index] = q.mean;
    for (const unused of [q.variance, p.mean, p.variance]) unused.dispose();
  });
  for (const unused of [output, ...noise]) unused.dispose();
  return { means, klNats: np.stack(klNats) };
}
