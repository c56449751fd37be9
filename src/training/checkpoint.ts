/** @file Checkpoints: folders that appear whole or not at all, and are believed only when their hashes are right. */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../errors.js";
import { syncFolder, writeSynced } from "../formats/atomic-file.js";
import { readSafetensorsFile, safetensorsPieces } from "../formats/safetensors.js";
import type { Tensor } from "../formats/tensor.js";
import { type Manifest, manifestSchema } from "./manifest.js";
import { type Retention, surplusSteps } from "./retention.js";

/** Tensors of a file by name. */
export type Tensors = Map<string, Tensor>;

/** The files of a checkpoint, without `.safetensors`. */
export type Part = "parameters" | "ema" | "optimizer" | "spectral";

const MANIFEST = "manifest.json";
const TEMPORARY = ".writing-";

/** A checkpoint that is not what its manifest says. */
export class DamagedCheckpoint extends UserError {
  override name = "DamagedCheckpoint";
}

/** `checkpoints/step-N` of a run folder's `checkpoints`. */
export const checkpointFolder = (checkpoints: string, step: number): string => join(checkpoints, `step-${step}`);

/** Steps of the checkpoints there, ascending; in the order of numbers, so that 10000 comes after 2500. */
export async function listCheckpoints(checkpoints: string): Promise<number[]> {
  if (!existsSync(checkpoints)) return [];
  const names = await readdir(checkpoints);
  return names
    .map((name) => /^step-(0|[1-9]\d*)$/.exec(name))
    .filter((match) => match !== null)
    .map((match) => Number(match[1]))
    .sort((a, b) => a - b);
}

/**
 * Saves a checkpoint: every file is written and synced in a temporary folder, which is then renamed, and the folder above
 * synced. A crash leaves either the whole checkpoint or none.
 *
 * @param parts - makes the tensors of each file, one file after the other, so that not all are in memory at once
 * @returns its folder
 */
export async function saveCheckpoint(
  checkpoints: string,
  manifest: Omit<z.input<typeof manifestSchema>, "files">,
  parts: Record<Part, () => Promise<Tensors>>,
): Promise<string> {
  await mkdir(checkpoints, { recursive: true });
  const temporary = join(checkpoints, `${TEMPORARY}${manifest.step}`);
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary);
  const files: Manifest["files"] = {};
  for (const [part, tensors] of Object.entries(parts)) {
    const name = `${part}.safetensors`;
    files[name] = await writeSynced(join(temporary, name), safetensorsPieces(await tensors()));
  }
  const text = `${JSON.stringify({ ...manifest, files }, null, 2)}\n`;
  await writeSynced(join(temporary, MANIFEST), Buffer.from(text));
  await syncFolder(temporary);
  const folder = checkpointFolder(checkpoints, manifest.step);
  await rm(folder, { recursive: true, force: true }); // one of this step that was damaged
  await rename(temporary, folder);
  await syncFolder(checkpoints);
  return folder;
}

/**
 * Reads a checkpoint's manifest and the parts asked for.
 *
 * @throws DamagedCheckpoint when a file is missing, unreadable, or not the one that the manifest names
 */
export async function readCheckpoint<Wanted extends Part>(
  folder: string,
  wanted: readonly Wanted[],
): Promise<{ manifest: Manifest; parts: Record<Wanted, Tensors> }> {
  const manifest = await readManifest(folder);
  const parts = {} as Record<Wanted, Tensors>;
  for (const part of wanted) {
    const name = `${part}.safetensors`;
    const expected = manifest.files[name]?.sha256 ?? "none";
    const { tensors, sha256 } = await readSafetensorsFile(join(folder, name)).catch((error) => {
      throw error instanceof UserError ? new DamagedCheckpoint(error.message) : error;
    });
    if (sha256 !== expected) {
      throw new DamagedCheckpoint(
        `Expected ${join(folder, name)} to have the SHA-256 ${expected} that its manifest names, got ${sha256}.`,
      );
    }
    parts[part] = tensors;
  }
  return { manifest, parts };
}

async function readManifest(folder: string): Promise<Manifest> {
  const path = join(folder, MANIFEST);
  const text = (await readPart(path)).toString("utf8");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new DamagedCheckpoint(`Expected JSON in ${path}: ${(error as Error).message}.`);
  }
  const parsed = manifestSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new DamagedCheckpoint(`Expected a checkpoint's manifest in ${path}:\n${z.prettifyError(parsed.error)}`);
}

async function readPart(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new DamagedCheckpoint(`Expected a file of a checkpoint at ${path}: ${(error as Error).message}.`);
  }
}

/**
 * Reads the newest checkpoint that is undamaged, and says which ones it passed over.
 *
 * @returns undefined when there is no checkpoint at all
 * @throws UserError when there are checkpoints, but all are damaged
 */
export async function readNewest<Wanted extends Part>(
  checkpoints: string,
  wanted: readonly Wanted[],
  onNotice: (message: string) => void,
): Promise<{ folder: string; manifest: Manifest; parts: Record<Wanted, Tensors> } | undefined> {
  const steps = await listCheckpoints(checkpoints);
  for (const step of steps.toReversed()) {
    const folder = checkpointFolder(checkpoints, step);
    try {
      return { folder, ...(await readCheckpoint(folder, wanted)) };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      onNotice(`The checkpoint of step ${step} is damaged and passed over. ${error.message}`);
    }
  }
  if (steps.length === 0) return undefined;
  throw new UserError(
    `Expected an undamaged checkpoint in ${checkpoints}, but all ${steps.length} are damaged. ` +
      "Restore them from a backup, or delete the run folder and start again.",
  );
}

/** Deletes the checkpoints that need not be kept, and what a crash left half written: after a new one is safe on disk. */
export async function retainCheckpoints(checkpoints: string, retention: Retention): Promise<void> {
  const surplus = surplusSteps(await listCheckpoints(checkpoints), retention);
  const halves = (await readdir(checkpoints)).filter((name) => name.startsWith(TEMPORARY));
  for (const name of [...surplus.map((step) => `step-${step}`), ...halves]) {
    await rm(join(checkpoints, name), { recursive: true, force: true });
  }
}

/** The folder of the newest checkpoint that was saved after an update, not amid skipped ones; undefined when there is none. */
export async function lastGood(checkpoints: string): Promise<string | undefined> {
  for (const step of (await listCheckpoints(checkpoints)).toReversed()) {
    const folder = checkpointFolder(checkpoints, step);
    const manifest = await readManifest(folder).catch(() => undefined); // a damaged one is not good
    if (manifest?.consecutiveSkips === 0) return folder;
  }
  return undefined;
}
