/** @file What exported models take and give: every input and output by name, with its shape and meaning. */
import { numpy as np } from "@jax-js/jax";
import type { Config, ModelConfig } from "../../config/index.js";
import { type Spec, spec } from "../../engine/index.js";
import { outputNoiseChannels, shownAs } from "../../inference/programs/output.js";
import { groups, type ModelParameters } from "../../model/index.js";
import type { Flow } from "../../refinement/flow-state.js";
import type { Refinement } from "../../refinement/refinement.js";

/** One input or output; "N" is the batch size, open until the model is run. */
export interface Port {
  dtype: "float32" | "int32";
  shape: readonly (number | "N")[];
  /** Meaning and range, in a sentence. */
  meaning: string;
}

export type Ports = Readonly<Record<string, Port>>;

/** One file to export: a function of the model's parameters and of inputs by name. */
export interface OnnxProgram {
  file: string;
  /** What it does, in a sentence. */
  description: string;
  inputs: Ports;
  outputs: Ports;
  /** Borrows the parameters, consumes the inputs. */
  fn: (parameters: ModelParameters<np.Array>, inputs: Record<string, np.Array>) => Record<string, np.Array>;
}

/** One that draws with a refinement. */
export interface RefinedOnnxProgram extends Omit<OnnxProgram, "fn"> {
  refinement: Refinement;
  /** Borrows the weights, consumes the inputs. */
  fn: (
    weights: { model: ModelParameters<np.Array>; refinement: Flow<np.Array> },
    inputs: Record<string, np.Array>,
  ) => Record<string, np.Array>;
}

/** The arrays of ports at one batch size. */
export const portSpecs = (ports: Ports, batch: number): Record<string, Spec> =>
  Object.fromEntries(
    Object.entries(ports).map(([name, { dtype, shape }]) => [
      name,
      spec(
        shape.map((size) => (size === "N" ? batch : size)),
        dtype,
      ),
    ]),
  );

export const float = (shape: Port["shape"], meaning: string): Port => ({ dtype: "float32", shape, meaning });

/** One array for each latent group: PREFIX_0, PREFIX_1, … from the lowest resolution up. */
export const groupPorts = (model: ModelConfig, prefix: string, meaning: string): Ports =>
  Object.fromEntries(
    groups(model).map(({ index, resolution, shape }) => [
      `${prefix}_${index}`,
      float(["N", ...shape], `${meaning} of latent group ${index}, ${resolution}×${resolution} pixels`),
    ]),
  );

/** The arrays of all groups, in order. */
export const groupArrays = (model: ModelConfig, prefix: string, arrays: Record<string, np.Array>): np.Array[] =>
  groups(model).map(({ index }) => arrays[`${prefix}_${index}`]);

/** The class of each image, in models with classes. */
export const labelPort = ({ classes }: ModelConfig): Ports =>
  classes > 0
    ? { label: { dtype: "int32", shape: ["N"], meaning: `class, 0 to ${classes - 1}; ${classes} means no label` } }
    : {};

/** An image of the model's resolution. */
export const imagePort = ({ resolution }: ModelConfig): Ports => ({
  image: float(["N", 3, resolution, resolution], "image, red, green and blue in [-1, 1]: byte / 127.5 - 1"),
});

/** Noise for the small image that a super-resolution model starts from. */
export const lowResolutionNoisePort = ({ superResolution, levels: [{ resolution }] }: ModelConfig): Ports =>
  superResolution
    ? { low_resolution_noise: float(["N", 3, resolution, resolution], "standard normal noise on the small image") }
    : {};

/** Noise of the output distribution, in models whose pictures are drawn from it. */
export function outputNoisePort({ model: { resolution }, objective }: Pick<Config, "model" | "objective">): Ports {
  if (shownAs(objective, "mean") === "mean") return {};
  const shape = ["N", outputNoiseChannels(objective), resolution, resolution] as const;
  return { output_noise: float(shape, "uniform noise in (0, 1) for the colour of each pixel") };
}

/** A network's picture within the range that images have; consumes it. */
export const inRange = (images: np.Array): np.Array => np.clip(images, -1, 1);
