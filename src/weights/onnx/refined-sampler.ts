/** @file Samplers with a refinement as ONNX programs: whole for programs that run one file, in two parts for those that can loop. */
import type { Config, ModelConfig } from "../../config/index.js";
import { priorPass } from "../../inference/programs/prior-pass.js";
import { stacksOf } from "../../refinement/latents.js";
import type { Refinement } from "../../refinement/refinement.js";
import { flowTimes } from "../../refinement/solver.js";
import { drawFirstLatents, latentsOfEnd, velocityOfGroups } from "../../refinement/velocity.js";
import {
  float,
  groupArrays,
  groupPorts,
  imagePort,
  inRange,
  labelPort,
  outputNoisePort,
  type Ports,
  type RefinedOnnxProgram,
} from "./ports.js";
import { withoutLabels } from "./sampler.js";

type SampledConfig = Pick<Config, "model" | "objective">;

const guidancePort = ({ classes }: ModelConfig): Ports =>
  classes > 0 ? { refine_guidance: float(["N"], "guidance weight of the flow; 0 is no guidance") } : {};

/** One array for each of the first groups, as `groupPorts` has them for all. */
const firstPorts = (model: ModelConfig, count: number, prefix: string, meaning: string): Ports =>
  Object.fromEntries(Object.entries(groupPorts(model, prefix, meaning)).slice(0, count));

/**
 * Draws with a refinement: its flow draws the first groups, the prior the others. All steps of the flow are in the file.
 *
 * @param refinement - of the model; its steps are those of the file
 */
export function refinedSamplerProgram(config: SampledConfig, refinement: Refinement): RefinedOnnxProgram {
  const { model } = config;
  const stacks = stacksOf(model, refinement.groups);
  return {
    file: "refined-sampler.onnx",
    description: `Draws images from noise, the first ${refinement.groups} latent groups by the flow of a refinement in ${refinement.steps} steps.`,
    refinement,
    inputs: {
      ...groupPorts(model, "noise", "standard normal noise"),
      ...labelPort(model),
      temperature: float([1], "factor on the noise of all groups, 0 or more; 1 is the distribution that was learnt"),
      ...outputNoisePort(config),
      ...guidancePort(model),
    },
    outputs: imagePort(model),
    fn: ({ model: parameters, refinement: flow }, inputs) => {
      const { label, temperature, output_noise: output, refine_guidance: guidance } = inputs;
      const noise = groupArrays(model, "noise", inputs).map((each) => each.mul(temperature.ref));
      const condition = guidance ? { labels: withoutLabels(label, model), guidance } : {};
      const start = noise.slice(0, refinement.groups);
      const first = drawFirstLatents(flow, stacks, start, condition, flowTimes(refinement.steps));
      const latents = [...first, ...noise.slice(first.length)];
      const { images } = priorPass(config, parameters, { latents, labels: label, output }, { given: first.length });
      return { image: inRange(images) };
    },
  };
}

/** One evaluation of the flow: the velocity at a point, each array that of a group. */
export function velocityProgram({ model }: SampledConfig, refinement: Refinement): RefinedOnnxProgram {
  const count = refinement.groups;
  const stacks = stacksOf(model, count);
  return {
    file: "velocity.onnx",
    description: "The velocity of the flow of a refinement, which carries noise to the latents of the first groups.",
    refinement,
    inputs: {
      ...firstPorts(model, count, "point", "point of the flow"),
      time: float([1], "1 at the noise, 0 at the latents"),
      ...labelPort(model),
      ...guidancePort(model),
    },
    outputs: firstPorts(model, count, "velocity", "velocity"),
    fn: ({ refinement: { network } }, inputs) => {
      const { time, label, refine_guidance: guidance } = inputs;
      const point = groupArrays(model, "point", inputs).slice(0, count);
      const condition = guidance ? { labels: withoutLabels(label, model), guidance } : {};
      const velocity = velocityOfGroups(network, stacks, { point, time, ...condition });
      return Object.fromEntries(velocity.map((each, group) => [`velocity_${group}`, each]));
    },
  };
}

/** The rest of a sample: from where the flow has ended, and the noise of the other groups, to the picture. */
export function flowEndProgram(config: SampledConfig, refinement: Refinement): RefinedOnnxProgram {
  const { model } = config;
  const count = refinement.groups;
  const stacks = stacksOf(model, count);
  return {
    file: "flow-end.onnx",
    description: "Draws images from the end of the flow of a refinement and the noise of the other groups.",
    refinement,
    inputs: {
      ...firstPorts(model, count, "noise", "end of the flow"),
      ...Object.fromEntries(Object.entries(groupPorts(model, "noise", "standard normal noise")).slice(count)),
      ...labelPort(model),
      ...outputNoisePort(config),
    },
    outputs: imagePort(model),
    fn: ({ model: parameters, refinement: flow }, inputs) => {
      const arrays = groupArrays(model, "noise", inputs);
      const latents = [...latentsOfEnd(flow, stacks, arrays.slice(0, count)), ...arrays.slice(count)];
      const drawn = { latents, labels: inputs.label, output: inputs.output_noise };
      return { image: inRange(priorPass(config, parameters, drawn, { given: count }).images) };
    },
  };
}
