/** @file What describes a refinement, and where it lies. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { readFailure, UserError } from "../errors.js";
import type { TrainedModel } from "../inference/trained-model.js";
import { digestOfWeights } from "../inference/weights-digest.js";
import { writeFileAtomic } from "../io/files/atomic-file.js";
import { parseJson } from "../io/files/json.js";
import { runPaths } from "../training/run/run-folder.js";

const schema = z.strictObject({
  /** How many of the model's groups the flow draws. */
  groups: z.int().positive(),
  /** Draws from the posterior of training images that it learns from. */
  draws: z.int().positive(),
  /** Of every random choice. */
  seed: z.int().nonnegative(),
  /** SHA-256 of the weights whose latents were learnt: those of other weights mean something else. */
  model: z.string(),
});

/** What a refinement is of. All that it learns follows from this, the model and its training images. */
export type RefinementConfig = z.output<typeof schema>;

/** The folder of a run's refinement. */
export const refinementFolder = (run: string): string => join(run, "refinement");

/** Describes a refinement of a model. */
export function refinementOf(
  model: TrainedModel,
  { groups, ...rest }: Omit<RefinementConfig, "model">,
): RefinementConfig {
  return { groups, ...rest, model: digestOfWeights(model.parameters) };
}

/** Writes `config.json`. @throws UserError when it cannot be written */
export const describeRefinement = (folder: string, config: RefinementConfig): Promise<void> =>
  writeFileAtomic(runPaths(folder).config, Buffer.from(`${JSON.stringify(config, null, 2)}\n`));

/**
 * Reads `config.json`.
 *
 * @throws UserError when there is none, or it is damaged
 */
export async function readRefinementConfig(folder: string): Promise<RefinementConfig> {
  const path = runPaths(folder).config;
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new UserError(readFailure(error), `Expected a refinement in ${folder}, found none.`, {
      advice: "Train one with `refine` first.",
      details: { refinement: folder },
    });
  }
  const json = parseJson(bytes, (problem) => {
    throw new UserError("damaged", `Expected JSON in ${path}, but ${problem}.`);
  });
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new UserError(
    "damaged",
    `Expected a description of a refinement in ${path}:\n${z.prettifyError(parsed.error)}`,
  );
}

/**
 * Checks that a refinement is one of a model's weights.
 *
 * @throws UserError when its latents are those of others
 */
export function checkRefines(config: RefinementConfig, model: TrainedModel, folder: string): void {
  if (config.model === digestOfWeights(model.parameters)) return;
  throw new UserError(
    "mismatch",
    `Expected a refinement of these weights (step ${model.step}), but ${folder} was trained on the latents of others.`,
    { advice: "Train one of these with `refine`, in another folder.", details: { refinement: folder } },
  );
}
