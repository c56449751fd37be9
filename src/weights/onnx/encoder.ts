/** @file The encoder and the reconstructor as ONNX programs: from images to latents, and back to images. */
import { numpy as np } from "@jax-js/jax";
import type { Config, ModelConfig } from "../../config/index.js";
import { posteriorPass } from "../../inference/programs/posterior-pass.js";
import {
  draw,
  encode,
  groups,
  initialState,
  type ModelParameters,
  noiseOf,
  posterior,
  topDown,
} from "../../model/index.js";
import { averagePool } from "../../model/layers.js";
import type { ModelInputs } from "../../objective/auto-encode.js";
import { gaussianKl } from "../../objective/group-kl.js";
import {
  float,
  groupArrays,
  groupPorts,
  imagePort,
  inRange,
  labelPort,
  lowResolutionNoisePort,
  type OnnxProgram,
  outputNoisePort,
  type Ports,
} from "./ports.js";

/** What a program takes that encodes images. */
const encodedPorts = (model: ModelConfig): Ports => ({
  ...imagePort(model),
  ...groupPorts(model, "noise", "standard normal noise; zeros for the mean"),
  ...labelPort(model),
  ...lowResolutionNoisePort(model),
});

/** The same as the passes take it; a super-resolution model's small image is made of the image itself. */
function encoded(model: ModelConfig, inputs: Record<string, np.Array>): ModelInputs<np.Array> {
  const { image, label: labels, low_resolution_noise: noise } = inputs;
  if (!model.superResolution) return { images: image, labels };
  const small = averagePool(image.ref, model.resolution / model.levels[0].resolution);
  return { images: image, labels, lowResolution: small.add(noise.mul(model.superResolution.noise)) };
}

/** Latents of images, drawn from the posterior, and what each group costs. */
export function encoderProgram({ model }: Pick<Config, "model">): OnnxProgram {
  return {
    file: "encoder.onnx",
    description: "Encodes images: latents of every group, drawn from the posterior, and their rate.",
    inputs: encodedPorts(model),
    outputs: {
      ...groupPorts(model, "latent", "z"),
      ...groupPorts(model, "sampler_noise", "the noise with which the sampler draws this z, at temperature 1,"),
      rate_nats: float(["N", groups(model).length], "rate of each group: KL divergence of posterior and prior, nats"),
    },
    fn: (parameters, inputs) =>
      encoderPass(model, parameters, encoded(model, inputs), groupArrays(model, "noise", inputs)),
  };
}

/** z_i = μ_q + σ_q · noise_i, the same as seen from the prior, (z_i − μ_p) / σ_p, and KL(q_i ‖ p_i), group by group. */
function encoderPass(
  model: ModelConfig,
  parameters: ModelParameters<np.Array>,
  { images, labels, lowResolution }: ModelInputs<np.Array>,
  noise: np.Array[],
): Record<string, np.Array> {
  const [count] = images.shape;
  const latents: Record<string, np.Array> = {};
  const samplerNoise: Record<string, np.Array> = {};
  const rates: np.Array[] = []; // L of [N, 1]
  const activations = encode(parameters.encoder, model, images, labels);
  topDown(parameters, model, {
    initial: initialState(parameters, { count, lowResolution, labels }),
    labels,
    chooseLatent: (group, p, hidden) => {
      const q = posterior(parameters, group, hidden, activations, labels);
      const z = draw({ mean: q.mean.ref, variance: q.variance.ref }, noise[group.index]);
      latents[`latent_${group.index}`] = z.ref;
      samplerNoise[`sampler_noise_${group.index}`] = noiseOf({ mean: p.mean.ref, variance: p.variance.ref }, z.ref);
      rates.push(gaussianKl(q, p).reshape([count, 1]));
      return z;
    },
  }).dispose();
  return { ...latents, ...samplerNoise, rate_nats: np.concatenate(rates, 1) };
}

/** Images encoded and decoded again, latents of chosen groups from the posterior and the rest from the prior (paper §4.2). */
export function reconstructorProgram(config: Pick<Config, "model" | "objective">): OnnxProgram {
  const { model } = config;
  return {
    file: "reconstructor.onnx",
    description: "Encodes images and decodes them again, with latents of chosen groups drawn from the prior instead.",
    inputs: {
      ...encodedPorts(model),
      from_posterior: float([groups(model).length], "for each group 1 to draw it from the posterior, 0 from the prior"),
      allotted_nats: float(
        ["N"],
        "rate that the groups from the posterior may take in all, nats; infinite for no limit",
      ),
      ...outputNoisePort(config),
    },
    outputs: Object.fromEntries(Object.values(imagePort(model)).map((port) => ["reconstruction", port])),
    fn: (parameters, inputs) => {
      const { images } = posteriorPass(config, parameters, {
        batch: encoded(model, inputs),
        latents: groupArrays(model, "noise", inputs),
        fromPosterior: inputs.from_posterior,
        allottedNats: inputs.allotted_nats,
        output: inputs.output_noise,
      });
      return { reconstruction: inRange(images) };
    },
  };
}
