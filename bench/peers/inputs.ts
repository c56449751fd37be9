/** @file What every competitor starts from: pictures, labels and noise by seed, and, for other languages, a file of it all. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../../src/config/index.js";
import type { Batch } from "../../src/data/batches.js";
import type { Images } from "../../src/data/image-set.js";
import { fromBytes, toBytes } from "../../src/inference/pictures.js";
import { type ParameterTree, parameterSpecs } from "../../src/inference/trained-model.js";
import { encodeSafetensors } from "../../src/io/tensors/safetensors.js";
import type { Tensor } from "../../src/io/tensors/tensor.js";
import { normalNoise, stream } from "../../src/latents/noise.js";
import { foreignNames, groups, initialise, modelParameters, parameterEntries } from "../../src/model/index.js";
import { outputChannels } from "../../src/objective/output-layers.js";
import type { StreamName } from "../../src/random/index.js";
import { stepInputs } from "../../src/training/inputs/step-inputs.js";
import { initialState } from "../../src/training/run/starting-point.js";
import { wave } from "../measure.js";
import type { Work } from "../protocol.js";
import { withFolder } from "../scratch.js";
import type { Competing } from "./systems.js";

/** As many pictures as a batch has, and labels where the model knows any. */
export function pictures({ model: { resolution, classes }, training: { batchSize } }: Config): Images {
  const images = toBytes(wave(batchSize * 3 * resolution ** 2));
  const labels = Int32Array.from({ length: classes > 0 ? batchSize : 0 }, (_, image) => image % classes);
  return { images, labels, count: batchSize, resolution };
}

/** The same as a batch to train on. */
export function imageBatch(config: Config): Batch {
  const { images, labels } = pictures(config);
  return { images: fromBytes(images), labels: labels! };
}

const PURPOSE: Record<Exclude<Work, "train">, StreamName> = {
  generate: "sampleLatents",
  guide: "sampleLatents",
  reconstruct: "posteriorLatents",
};

/** Standard normal noise of every latent group, [N, Z, r, r] each, as our own samplers draw it from seed 0. */
export function showNoise({ model, training }: Config, work: Exclude<Work, "train">): Float32Array[] {
  const images = Array.from({ length: training.batchSize }, (_, image) => image);
  const shapes = groups(model).map(({ shape }) => shape);
  return normalNoise(stream(0, PURPOSE[work]), images, shapes);
}

/** Weights of guidance, for all groups, where work is guided. */
export const GUIDANCE = { mean: 1.5, variance: 1 };

/** Last convolutions of prior blocks start this small, which makes every prior N(0, 1) … */
const ASLEEP = 1e-10;
/** … and are so large, relative to a plain initial convolution, where guidance shall have something to do. */
const AWAKE = 0.1;

/** Weights to generate from: the initial ones, but with priors that depend on the groups before and on the label. */
export function generatorWeights({ model, objective, training }: Config): ParameterTree {
  const weights = initialise(modelParameters(model, outputChannels(objective)), training.seed);
  for (const { layers } of weights.generator.levels) {
    for (const { prior } of layers) prior.conv2.weight = prior.conv2.weight.map((value) => (value * AWAKE) / ASLEEP);
  }
  return weights;
}

/**
 * Writes the weights that work starts from under the authors' names, `spectral.I.prior` and `.posterior`, `images`, `noise.I`,
 * `guidance`, and, in models with classes, `labels` and `droppedLabels`.
 */
export function writeInputs(path: string, config: Config, work: Work): void {
  const { model, training } = config;
  const initial = initialState(config);
  const parameters = work === "generate" || work === "guide" ? generatorWeights(config) : initial.parameters;
  const names = foreignNames(model);
  const shapes = new Map(parameterEntries(parameterSpecs(config)).map(([name, { shape }]) => [name, shape]));
  const tensors = new Map<string, Tensor>();
  const add = (name: string, shape: number[], data: Float32Array | Int32Array) =>
    tensors.set(name, { dtype: data instanceof Int32Array ? "int32" : "float32", shape, data } as Tensor);
  for (const [name, data] of parameterEntries(parameters)) add(names.get(name)!.torch, [...shapes.get(name)!], data);
  initial.spectralVectors.forEach(({ prior, posterior }, group) => {
    add(`spectral.${group}.prior`, [prior.length], prior);
    add(`spectral.${group}.posterior`, [posterior.length], posterior);
  });
  add("guidance", [2], Float32Array.of(GUIDANCE.mean, GUIDANCE.variance));
  const [{ batch, noise }] = stepInputs(config, 0, imageBatch(config));
  const n = training.batchSize;
  add("images", [n, 3, model.resolution, model.resolution], batch.images as Float32Array);
  for (const name of ["labels", "droppedLabels"] as const) {
    if (batch[name]) add(name, [n], batch[name] as Int32Array);
  }
  const latents = work === "train" ? noise : showNoise(config, work);
  for (const { index, shape } of groups(model)) add(`noise.${index}`, [n, ...shape], latents[index]);
  writeFileSync(path, encodeSafetensors(tensors));
}

/** Calls `use` with a file of {@link writeInputs}, or without where no competitor needs one. */
export async function withInputs<T>(
  competitors: readonly Competing[],
  config: Config,
  work: Work,
  use: (path?: string) => Promise<T>,
): Promise<T> {
  if (!competitors.some(({ needsInputs }) => needsInputs)) return use();
  return withFolder((folder) => {
    const path = join(folder, "inputs.safetensors");
    writeInputs(path, config, work);
    return use(path);
  });
}
