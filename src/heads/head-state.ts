/** @file The state of a head's training, and its checkpoints. */
import type { ModelConfig } from "../config/index.js";
import { map, type Spec, spec } from "../engine/index.js";
import { initialise, type ParameterSpec } from "../model/index.js";
import { adam } from "../training/optimizer/adam.js";
import { momentsOf, type OptimizerState } from "../training/optimizer/update.js";
import { readNewest } from "../training/run/checkpoint.js";
import type { DataIdentity } from "../training/run/manifest.js";
import { runPaths } from "../training/run/run-folder.js";
import { readStage, saveStage } from "../training/run/stage-checkpoint.js";
import type { StagePosition } from "../training/run/stage-log.js";
import { fromTensors, toTensors } from "../training/run/tensor-trees.js";
import type { HeadShape } from "./head.js";
import { type HeadConfig, noHead } from "./head-config.js";
import { type HeadWeights, headOf } from "./heads.js";

/** A head and the model that it is of. */
export interface HeadOf {
  config: HeadConfig;
  model: ModelConfig;
}

export type HeadState = OptimizerState<HeadWeights<Float32Array>>;

/** What of a model a head stands on. */
export const headShape = ({ levels, resolution }: ModelConfig): HeadShape => ({
  features: levels[levels.length - 1].channels,
  resolution,
});

const parametersOf = ({ config, model }: HeadOf) => headOf(config.head).parameters(headShape(model));

/** Shapes of a head's weights. */
export const headSpecs = (head: HeadOf): HeadWeights<Spec> =>
  map<unknown, unknown>(parametersOf(head), (leaf) => spec((leaf as ParameterSpec).shape)) as HeadWeights<Spec>;

/** Random weights, by the seed. */
export const initialHead = (head: HeadOf): HeadWeights<Float32Array> =>
  initialise(parametersOf(head), head.config.seed, "headParameters");

const momentSpecs = (head: HeadOf) => momentsOf(adam, () => headSpecs(head));

/** Saves a checkpoint, of which the last two are kept. @returns its folder */
export function saveHead(
  folder: string,
  head: HeadOf,
  state: HeadState,
  { data, ...position }: StagePosition & { data: DataIdentity },
): Promise<string> {
  const specs = headSpecs(head);
  return saveStage(
    folder,
    position,
    { settings: { ...head.config }, data },
    {
      parameters: async () => toTensors(specs, state.parameters),
      ema: async () => toTensors(specs, state.ema),
      optimizer: async () => toTensors(momentSpecs(head), state.moments),
    },
  );
}

/**
 * The state of the newest undamaged checkpoint, to resume from; undefined where there is none.
 *
 * @throws UserError when it is of another head, of other weights, or of other images
 */
export async function readHeadState(
  folder: string,
  head: HeadOf,
  data: DataIdentity,
  onNotice: (message: string) => void,
): Promise<{ step: number; folder: string; state: HeadState } | undefined> {
  const found = await readStage(folder, "head", { settings: { ...head.config }, data }, onNotice);
  if (!found) return undefined;
  const { parts, manifest } = found;
  const specs = headSpecs(head);
  const state = {
    parameters: fromTensors(specs, parts.parameters, found.folder),
    ema: fromTensors(specs, parts.ema, found.folder),
    moments: fromTensors(momentSpecs(head), parts.optimizer, found.folder),
  };
  return { step: manifest.step, folder: found.folder, state };
}

/**
 * The averaged weights of the newest undamaged checkpoint.
 *
 * @throws UserError when there is none
 */
export async function readHeadWeights(
  folder: string,
  head: HeadOf,
  onNotice: (message: string) => void,
): Promise<{ step: number; weights: HeadWeights<Float32Array> }> {
  const found = await readNewest(runPaths(folder).checkpoints, ["ema"], onNotice);
  if (!found) throw noHead(folder);
  return { step: found.manifest.step, weights: fromTensors(headSpecs(head), found.parts.ema, found.folder) };
}
