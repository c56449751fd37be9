/** @file The sampler as an ONNX program: from noise to pictures, with guidance or without. */
import { numpy as np } from "@jax-js/jax";
import type { Config, ModelConfig } from "../../config/index.js";
import { priorPass } from "../../inference/programs/prior-pass.js";
import { groups } from "../../model/index.js";
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

/** Draws from the prior; guided, which costs nearly twice as much, away from the prior without label (paper §3.3). */
export function samplerProgram(config: Pick<Config, "model" | "objective">, guided: boolean): OnnxProgram {
  const { model } = config;
  return {
    file: guided ? "guided-sampler.onnx" : "sampler.onnx",
    description: guided
      ? "Draws images from noise, each group's prior moved away from the prior without label."
      : "Draws images from noise.",
    inputs: {
      ...groupPorts(model, "noise", "standard normal noise"),
      ...labelPort(model),
      temperature: float([1], "factor on the noise of all groups, 0 or more; 1 is the distribution that was learnt"),
      ...lowResolutionPorts(model),
      ...outputNoisePort(config),
      ...(guided ? guidancePorts(model) : {}),
    },
    outputs: imagePort(model),
    fn: (parameters, inputs) => {
      const { label, temperature, output_noise: output } = inputs;
      const drawn = {
        latents: groupArrays(model, "noise", inputs).map((noise) => noise.mul(temperature.ref)),
        labels: guided ? withoutLabels(label, model) : label,
        lowResolution: lowResolution(model, inputs),
        output,
        ...(guided ? { weights: { mean: inputs.guidance_mean, variance: inputs.guidance_variance } } : {}),
      };
      const guidance = { rule: "extrapolate", guided: groups(model).map(() => true) } as const;
      const { images } = priorPass(config, parameters, drawn, guided ? { guidance } : {});
      return { image: inRange(images) };
    },
  };
}

function guidancePorts(model: ModelConfig): Ports {
  const weight = (of: string) =>
    float(["N", groups(model).length], `guidance weight of each group's ${of}; 0 is no guidance`);
  return { guidance_mean: weight("mean"), guidance_variance: weight("variance") };
}

/** The labels, then as many times "no label": [2N]. */
export const withoutLabels = (label: np.Array, { classes }: ModelConfig): np.Array =>
  np.concatenate([label.ref, np.full(label.shape, classes, { dtype: np.int32 })], 0);

function lowResolutionPorts(model: ModelConfig): Ports {
  if (!model.superResolution) return {};
  const [{ resolution }] = model.levels;
  const small = float(["N", 3, resolution, resolution], "the image to enlarge, in [-1, 1]; its noise is added inside");
  return { low_resolution: small, ...lowResolutionNoisePort(model) };
}

/** The image to enlarge with the noise that the model was trained to expect. */
function lowResolution({ superResolution }: ModelConfig, inputs: Record<string, np.Array>): np.Array | undefined {
  return superResolution && inputs.low_resolution.add(inputs.low_resolution_noise.mul(superResolution.noise));
}
