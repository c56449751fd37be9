/** @file A run folder for weights that were not trained here: imported ones, and those that ship with the package. */
import { existsSync, readdirSync } from "node:fs";
import type { Config } from "../../config/index.js";
import { UserError } from "../../errors.js";
import type { DataSummary, ParameterTree } from "../../inference/trained-model.js";
import { flawsOf, listFlaws } from "../../io/tensors/flaws.js";
import type { FloatType } from "../../io/tensors/tensor.js";
import { stateSpecs } from "../trainer.js";
import { type Part, saveCheckpoint, type Tensors } from "./checkpoint.js";
import { type Counters, FRESH } from "./counters.js";
import { bindingSettings } from "./manifest.js";
import { NOTHING_GATHERED } from "./meter.js";
import { describeRun, runPaths } from "./run-folder.js";
import { type Elements, toTensors } from "./tensor-trees.js";

/** Weights, and what more is known of a training state. */
export interface SavedWeights {
  ema: ParameterTree;
  parameters?: ParameterTree;
  /** By the names of the optimizer's `moments`. */
  moments?: Record<string, ParameterTree>;
}

/**
 * Writes a run folder with one checkpoint that holds these weights. It can be used like any run, but resumed only by
 * `--init`: a new run that starts from it.
 *
 * @param counters - how far the weights were trained; default: not known, 0
 * @param dtype - how weights are kept; float16 halves the file and rounds each to 11 significant bits
 * @returns the folder of the checkpoint
 * @throws UserError when the folder holds anything or cannot be written, or where weights are too large for float16
 */
export async function saveModel(
  folder: string,
  { config, data, counters = FRESH }: { config: Config; data: DataSummary; counters?: Counters },
  { ema, parameters, moments }: SavedWeights,
  dtype: FloatType = "float32",
): Promise<string> {
  const specs = stateSpecs(config);
  const tensors = <Shapes>(shapes: Shapes, values: Elements<Shapes>, type = dtype) =>
    expectInRange(toTensors<Shapes>(shapes, values, type));
  const parts: Partial<Record<Part, () => Promise<Tensors>>> = {
    ema: async () => tensors(specs.ema, ema),
    ...(parameters && { parameters: async () => tensors(specs.parameters, parameters) }),
    ...(moments && { optimizer: async () => tensors(specs.moments, moments, config.optimizer.stateType) }),
  };
  expectEmpty(folder);
  const unknownImages = { trainImages: 0, trainDigest: "" };
  const content = { ...counters, meter: NOTHING_GATHERED, ...unknownImages, settings: bindingSettings(config) };
  const saved = await saveCheckpoint(runPaths(folder).checkpoints, content, parts);
  await describeRun(folder, config, data); // last: without it the folder is no run
  return saved;
}

/** Numbers beyond 65,504 would become infinite in float16. */
function expectInRange(tensors: Tensors): Tensors {
  const flawed = [...tensors].flatMap(([name, tensor]) => {
    const flaws = tensor.dtype === "float16" ? flawsOf(tensor) : undefined;
    return flaws ? [[name, flaws] as const] : [];
  });
  if (flawed.length === 0) return tensors;
  throw new UserError(
    "invalid-values",
    `Expected weights that float16 can hold, got values beyond it: ${listFlaws(flawed)}. Keep float32.`,
  );
}

/**
 * Checks that nothing is in the way of a new run.
 *
 * @throws UserError when the folder holds anything
 */
export function expectEmpty(folder: string): void {
  const found = existsSync(folder) ? readdirSync(folder).at(0) : undefined;
  if (found === undefined) return;
  throw new UserError(
    "already-exists",
    `Expected a new or an empty folder at ${folder}, but it holds ${found}. Give another folder.`,
  );
}
