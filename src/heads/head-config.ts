/** @file What describes a trained head, and where it lies. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { readFailure, UserError } from "../errors.js";
import type { TrainedModel } from "../inference/trained-model.js";
import { digestOfWeights } from "../inference/weights-digest.js";
import { writeFileAtomic } from "../io/files/atomic-file.js";
import { parseJson } from "../io/files/json.js";
import { runPaths } from "../training/run/run-folder.js";
import { type HeadName, headNames } from "./heads.js";

const schema = z.strictObject({
  /** Which head. */
  head: z.enum(headNames),
  /** Of every random choice. */
  seed: z.int().nonnegative(),
  /** SHA-256 of the weights whose decoder it stands on: of others, it would say nothing. */
  model: z.string(),
});

/** What a head is of. All that it learns follows from this, the model and its training images. */
export type HeadConfig = z.output<typeof schema>;

/** The folder of a run's head. */
export const headFolder = (run: string, name: HeadName): string => join(run, "heads", name);

/** Describes a head of a model. */
export const headConfigOf = (model: TrainedModel, { head, seed }: Omit<HeadConfig, "model">): HeadConfig => ({
  ...{ head, seed },
  model: digestOfWeights(model.parameters),
});

/** Writes `config.json`. @throws UserError when it cannot be written */
export const describeHead = (folder: string, config: HeadConfig): Promise<void> =>
  writeFileAtomic(runPaths(folder).config, Buffer.from(`${JSON.stringify(config, null, 2)}\n`));

/**
 * Reads `config.json`.
 *
 * @throws UserError when there is none, or it is damaged
 */
export async function readHeadConfig(folder: string): Promise<HeadConfig> {
  const path = runPaths(folder).config;
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw noHead(folder, readFailure(error));
  }
  const json = parseJson(bytes, (problem) => {
    throw new UserError("damaged", `Expected JSON in ${path}, but ${problem}.`);
  });
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new UserError("damaged", `Expected a description of a head in ${path}:\n${z.prettifyError(parsed.error)}`);
}

/** That there is no head in a folder. */
export const noHead = (folder: string, code: UserError["code"] = "not-found"): UserError =>
  new UserError(code, `Expected a head in ${folder}, found none.`, {
    advice: "Train one with `trainHead` first.",
    details: { head: folder },
  });

/**
 * Checks that a head is one of a model's weights.
 *
 * @throws UserError when it stands on others
 */
export function checkHeadOf(config: HeadConfig, model: TrainedModel, folder: string): void {
  if (config.model === digestOfWeights(model.parameters)) return;
  throw new UserError(
    "mismatch",
    `Expected a head of these weights (step ${model.step}), but ${folder} was trained on others.`,
    { advice: "Train one of these with `trainHead`, in another folder.", details: { head: folder } },
  );
}
