/** @file A model with its weights: what sampling, reconstruction and evaluation work on, wherever it was loaded from. */
import type { Config } from "../config/index.js";
import { type Spec, spec } from "../engine/index.js";
import { type ModelParameters, mapParameters, modelParameters } from "../model/index.js";
import { outputChannels } from "../objective/output-layers.js";

/** Weights on the host, as nested plain objects. */
export type ParameterTree = ModelParameters<Float32Array>;

/** Shapes of a model's weights, as the engine takes them. */
export function parameterSpecs({ model, objective }: Pick<Config, "model" | "objective">): ModelParameters<Spec> {
  return mapParameters(modelParameters(model, outputChannels(objective)), ({ shape }) => spec(shape));
}

/** What a model remembers of the images it was trained on. */
export interface DataSummary {
  /** The source as the user named it: "emoji", "folder:cats". */
  name: string;
  /** Training images. */
  count: number;
  /** Names of the classes, in label order; empty when the images have none. */
  classes: string[];
  /** Training images of each class, in label order. */
  classCounts: number[];
  /** `false` where they cannot be mirrored. */
  mirrorable?: false;
}

/** A model ready to be used: its configuration, its weights, and what it learnt from. */
export interface TrainedModel {
  config: Config;
  parameters: ParameterTree;
  /** Batches it was trained on. */
  step: number;
  data: DataSummary;
}
