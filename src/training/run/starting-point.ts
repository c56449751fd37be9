/** @file Where a run starts: at the beginning, or where its newest checkpoint left it; and how it is saved. */
import { existsSync } from "node:fs";
import type { Config } from "../../config/index.js";
import { map } from "../../engine/index.js";
import { UserError } from "../../errors.js";
import type { ParameterTree } from "../../inference/trained-model.js";
import { normalNoise, stream } from "../../latents/noise.js";
import { initialise, modelParameters } from "../../model/index.js";
import { outputChannels } from "../../objective/output-layers.js";
import { checkpointBytes } from "../cost/disk-space.js";
import { stateSpecs, type Trainer, type TrainingState } from "../trainer.js";
import { listCheckpoints, type Part, readNewest, saveCheckpoint, type Tensors } from "./checkpoint.js";
import { type Counters, FRESH } from "./counters.js";
import { bindingSettings, checkBelongs, type DataIdentity } from "./manifest.js";
import { type Gathered, NOTHING_GATHERED } from "./meter.js";
import { runPaths } from "./run-folder.js";
import { fromTensors, toTensors } from "./tensor-trees.js";

const PARTS = ["parameters", "ema", "optimizer", "spectral"] as const satisfies readonly Part[];

export interface StartingPoint {
  state: TrainingState<Float32Array>;
  counters: Counters;
  /** Step and folder of the checkpoint gone on from. */
  resumed?: { step: number; folder: string };
  /** What the next line of metrics is to count already. */
  gathered: Gathered;
}

/** @throws UserError when there is a run in the folder, which a new one would write over */
export async function expectNoRun(out: string): Promise<void> {
  const { metrics, checkpoints } = runPaths(out);
  if (!existsSync(metrics) && (await listCheckpoints(checkpoints)).length === 0) return;
  throw new UserError(
    "already-exists",
    `Expected a folder without a run at ${out}, but one is there. Resume it with \`resume: true\`, or give another folder as \`out\`.`,
  );
}

/**
 * Finds out where to start.
 *
 * @throws UserError when the folder holds a run that is not to be resumed, or a checkpoint of another configuration
 */
export async function startingPoint(
  config: Config,
  data: DataIdentity,
  {
    out,
    resume,
    initial,
    onNotice,
  }: { out: string; resume: boolean; initial?: ParameterTree; onNotice: (message: string) => void },
): Promise<StartingPoint> {
  const paths = runPaths(out);
  if (!resume) await expectNoRun(out);
  const found = resume ? await readNewest(paths.checkpoints, PARTS, onNotice) : undefined;
  if (!found) return { state: initialState(config, initial), counters: FRESH, gathered: NOTHING_GATHERED };
  const { manifest, parts, folder } = found;
  checkBelongs(manifest, config, data, folder);
  const { step, images, updates, skips, consecutiveSkips, meter: gathered } = manifest;
  const state = stateOfParts(config, parts, folder);
  const resumed = { step, folder };
  return { state, counters: { step, images, updates, skips, consecutiveSkips }, resumed, gathered };
}

/** Saves a trainer's state as a checkpoint, with what the meter has gathered, and returns its folder. */
export function saveState(out: string, data: DataIdentity, trainer: Trainer, meter: Gathered): Promise<string> {
  const { config, counters } = trainer;
  const { parameters, ema, moments, spectralVectors } = stateSpecs(config);
  const identity = { trainImages: data.count, trainDigest: data.digest };
  const content = { ...counters, meter, ...identity, settings: bindingSettings(config) };
  const parts = {
    parameters: async () => toTensors(parameters, (await trainer.read("parameters")).parameters),
    ema: async () => toTensors(ema, (await trainer.read("ema")).ema),
    optimizer: async () => toTensors(moments, (await trainer.read("moments")).moments, config.optimizer.stateType),
    spectral: async () => toTensors(spectralVectors, (await trainer.read("spectralVectors")).spectralVectors),
  };
  return saveCheckpoint(runPaths(out).checkpoints, content, parts, checkpointBytes(config));
}

function stateOfParts(config: Config, parts: Record<Part, Tensors>, folder: string): TrainingState<Float32Array> {
  const specs = stateSpecs(config);
  const tree = <Shapes>(shapes: Shapes, part: Part) =>
    fromTensors(shapes, parts[part], `${folder}/${part}.safetensors`);
  return {
    parameters: tree(specs.parameters, "parameters"),
    ema: tree(specs.ema, "ema"),
    moments: tree(specs.moments, "optimizer"),
    spectralVectors: tree(specs.spectralVectors, "spectral"),
  };
}

/**
 * Random weights, or the ones given; the moving average equal to them, moments at zero, and spectral vectors in random
 * directions. All of it depends on the seed alone.
 */
export function initialState(config: Config, given?: ParameterTree): TrainingState<Float32Array> {
  const { model, objective, training } = config;
  const specs = stateSpecs(config);
  const parameters = given ?? initialise(modelParameters(model, outputChannels(objective)), training.seed);
  const key = stream(training.seed, "spectralVectors");
  const spectralVectors = specs.spectralVectors.map(({ prior, posterior }, group) => {
    const [forPrior, forPosterior] = normalNoise(key, [group], [prior.shape, posterior.shape]);
    return { prior: forPrior, posterior: forPosterior };
  });
  const moments = map(specs.moments, ({ size }) => new Float32Array(size));
  return { parameters, ema: parameters, moments, spectralVectors };
}
