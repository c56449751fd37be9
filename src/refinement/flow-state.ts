/** @file The state of a refinement's training, and its checkpoints. */
import type { ModelConfig } from "../config/index.js";
import { map, type Spec, spec } from "../engine/index.js";
import { UserError } from "../errors.js";
import type { FloatType } from "../io/tensors/tensor.js";
import { initialise, type ParameterSpec } from "../model/index.js";
import { adam } from "../training/optimizer/adam.js";
import { momentsOf, type OptimizerState } from "../training/optimizer/update.js";
import { readNewest, retainCheckpoints, saveCheckpoint } from "../training/run/checkpoint.js";
import { type DataIdentity, differences } from "../training/run/manifest.js";
import { NOTHING_GATHERED } from "../training/run/meter.js";
import { runPaths } from "../training/run/run-folder.js";
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

/** Where a refinement's training is. */
export interface FlowProgress {
  step: number;
  /** Latents seen. */
  images: number;
}

/** Saves a checkpoint, of which the last two are kept. @returns its folder */
export async function saveFlow(
  folder: string,
  refined: Refined,
  { state, normalisation }: { state: FlowState; normalisation: readonly ChannelMoments[] },
  { step, images, data }: FlowProgress & { data: DataIdentity },
): Promise<string> {
  const { checkpoints } = runPaths(folder);
  const specs = flowSpecs(refined);
  const content = {
    ...{ step, images, updates: step, skips: 0, consecutiveSkips: 0, meter: NOTHING_GATHERED },
    ...{ trainImages: data.count, trainDigest: data.digest, settings: { ...refined.config } },
  };
  const saved = await saveCheckpoint(checkpoints, content, {
    parameters: async () => toTensors(specs, state.parameters),
    ema: async () => toTensors(usedSpecs(refined), { network: state.ema, normalisation: [...normalisation] }),
    optimizer: async () =>
      toTensors(
        momentsOf(adam, () => specs),
        state.moments,
      ),
  });
  await retainCheckpoints(checkpoints, { current: step, recent: 2, every: 0 });
  return saved;
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
  const content = {
    ...{ step, images: 0, updates: step, skips: 0, consecutiveSkips: 0, meter: NOTHING_GATHERED },
    ...{ trainImages: 0, trainDigest: "", settings: { ...refined.config } },
  };
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
): Promise<(FlowProgress & { state: FlowState; folder: string }) | undefined> {
  const found = await readNewest(runPaths(folder).checkpoints, ["parameters", "ema", "optimizer"], onNotice);
  if (!found) return undefined;
  const { manifest, parts } = found;
  const lines = differences(manifest.settings, { ...refined.config });
  if (lines.length > 0 || manifest.trainDigest !== data.digest) {
    const other = lines.length > 0 ? `with other settings:\n${lines.join("\n")}\n` : "on other images. ";
    throw new UserError(
      "mismatch",
      `Expected a checkpoint of this refinement, but ${found.folder} was made ${other}` +
        "Resume with the same, or train another refinement in another folder.",
    );
  }
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
