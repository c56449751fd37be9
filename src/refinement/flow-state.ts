/** @file The state of a refinement's training, and its checkpoints. */
import type { ModelConfig } from "../config/index.js";
import { map, type Spec, spec } from "../engine/index.js";
import { UserError } from "../errors.js";
import type { FloatType } from "../io/tensors/tensor.js";
import { initialise, type ParameterSpec } from "../model/index.js";
import { adam } from "../training/optimizer/adam.js";
import { momentsOf, type OptimizerState } from "../training/optimizer/update.js";
import { readNewest, saveCheckpoint } from "../training/run/checkpoint.js";
import type { DataIdentity } from "../training/run/manifest.js";
import { runPaths } from "../training/run/run-folder.js";
import { readStage, saveStage, stageContent } from "../training/run/stage-checkpoint.js";
import type { StagePosition } from "../training/run/stage-log.js";
import { fromTensors, toTensors } from "../training/run/tensor-trees.js";
import { type ChannelMoments, stacksOf } from "./latents.js";
import { type FlowNetwork, flowParameters } from "./network.js";
import type { RefinementConfig } from "./refinement-config.js";

/** A refinement and the model that it is of. */
export interface Refined {
  config: RefinementConfig;
  model: ModelConfig;
}

/** A flow as it is used: averaged weights, and what its latents were normalised by, for every resolution. */
export interface Flow<T = Float32Array> {
  network: FlowNetwork<T>;
  normalisation: ChannelMoments<T>[];
}

export type FlowState = OptimizerState<FlowNetwork<Float32Array>>;

const parametersOf = ({ config, model }: Refined): FlowNetwork<ParameterSpec> =>
  flowParameters({ stacks: stacksOf(model, config.groups).map(({ shape }) => shape), classes: model.classes });

/** Shapes of a flow's weights. */
export const flowSpecs = (refined: Refined): FlowNetwork<Spec> =>
  map<unknown, unknown>(parametersOf(refined), (leaf) => spec((leaf as ParameterSpec).shape)) as FlowNetwork<Spec>;

/** Shapes of what is used of a flow. */
export function usedSpecs(refined: Refined): Flow<Spec> {
  const normalisation = stacksOf(refined.model, refined.config.groups).map(({ shape: [channels] }) => {
    return { mean: spec([channels]), deviation: spec([channels]) };
  });
  return { network: flowSpecs(refined), normalisation };
}

/** Random weights, by the seed. */
export const initialFlow = (refined: Refined): FlowNetwork<Float32Array> =>
  initialise(parametersOf(refined), refined.config.seed, "refinementParameters");

/** Saves a checkpoint, of which the last two are kept. @returns its folder */
export async function saveFlow(
  folder: string,
  refined: Refined,
  { state, normalisation }: { state: FlowState; normalisation: readonly ChannelMoments[] },
  { step, images, data }: StagePosition & { data: DataIdentity },
): Promise<string> {
  const specs = flowSpecs(refined);
  return saveStage(
    folder,
    { step, images },
    { settings: { ...refined.config }, data },
    {
      parameters: async () => toTensors(specs, state.parameters),
      ema: async () => toTensors(usedSpecs(refined), { network: state.ema, normalisation: [...normalisation] }),
      optimizer: async () =>
        toTensors(
          momentsOf(adam, () => specs),
          state.moments,
        ),
    },
  );
}

/**
 * Saves a flow to be used, not trained further.
 *
 * @param dtype - how weights are kept; float16 rounds each to 11 significant bits
 * @returns the folder of the checkpoint
 */
export function saveUsedFlow(
  folder: string,
  refined: Refined,
  { step, ...flow }: Flow & { step: number },
  dtype: FloatType,
): Promise<string> {
  const identity = { settings: { ...refined.config }, data: { count: 0, digest: "" } };
  const content = stageContent({ step, images: 0 }, identity);
  return saveCheckpoint(runPaths(folder).checkpoints, content, {
    ema: async () => toTensors(usedSpecs(refined), flow, dtype),
  });
}

/**
 * The state of the newest undamaged checkpoint, to resume from; undefined where there is none.
 *
 * @throws UserError when it is of another refinement, or of other images
 */
export async function readFlowState(
  folder: string,
  refined: Refined,
  data: DataIdentity,
  onNotice: (message: string) => void,
): Promise<(StagePosition & { state: FlowState; folder: string }) | undefined> {
  const found = await readStage(folder, "refinement", { settings: { ...refined.config }, data }, onNotice);
  if (!found) return undefined;
  const { manifest, parts } = found;
  const specs = flowSpecs(refined);
  const state = {
    parameters: fromTensors(specs, parts.parameters, found.folder),
    ema: fromTensors(usedSpecs(refined), parts.ema, found.folder).network,
    moments: fromTensors(
      momentsOf(adam, () => specs),
      parts.optimizer,
      found.folder,
    ),
  };
  return { state, step: manifest.step, images: manifest.images, folder: found.folder };
}

/**
 * The flow of the newest undamaged checkpoint.
 *
 * @throws UserError when there is none
 */
export async function readFlow(
  folder: string,
  refined: Refined,
  onNotice: (message: string) => void,
): Promise<Flow & { step: number }> {
  const found = await readNewest(runPaths(folder).checkpoints, ["ema"], onNotice);
  if (!found) {
    throw new UserError("not-found", `Expected a checkpoint of a refinement in ${folder}, found none.`, {
      advice: "Train it with `refine` first.",
      details: { refinement: folder },
    });
  }
  const flow = fromTensors(usedSpecs(refined), found.parts.ema, found.folder);
  return { ...(flow as Flow), step: found.manifest.step };
}
