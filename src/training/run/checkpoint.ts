/** @file Checkpoints: folders that appear whole or not at all, and are believed only when their hashes are right. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../../errors.js";
import { makeFolderSynced, syncFolder, writeSynced } from "../../io/files/atomic-file.js";
import { parseJson } from "../../io/files/json.js";
import { isSystemError, writeError } from "../../io/files/write-error.js";
import { readSafetensorsFile, safetensorsPieces } from "../../io/tensors/safetensors.js";
import { bytesOf, type Tensor } from "../../io/tensors/tensor.js";
import { version } from "../../version.js";
import { brokenSeal, FORMAT, type Manifest, type ManifestContent, manifestSchema, sealed } from "./manifest.js";

/** Tensors of a file by name. */
export type Tensors = Map<string, Tensor>;

/** The files of a checkpoint, without `.safetensors`. */
export type Part = "parameters" | "ema" | "optimizer" | "spectral";

const MANIFEST = "manifest.json";
const TEMPORARY = ".writing-";
/** A checkpoint that another of its step is about to replace. */
const REPLACED = ".replaced-";

/** A checkpoint that is not what its manifest says. */
export class DamagedCheckpoint extends UserError {
  override name = "DamagedCheckpoint";

  constructor(problem: string) {
    super("damaged", problem);
  }
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
 * synced. A crash leaves either the whole checkpoint or none; so does a disk that is full.
 *
 * @param parts - makes the tensors of each file, one file after the other, so that not all are in memory at once
 * @param bytes - room that it takes, for the message
 * @returns its folder
 * @throws UserError when it cannot be written; the checkpoints that are there stay as they are
 */
export async function saveCheckpoint(
  checkpoints: string,
  content: Omit<ManifestContent, "files">,
  parts: Partial<Record<Part, () => Promise<Tensors>>>,
  bytes?: number,
): Promise<string> {
  const temporary = join(checkpoints, `${TEMPORARY}${content.step}`);
  const folder = checkpointFolder(checkpoints, content.step);
  try {
    await makeFolderSynced(checkpoints);
    await rm(temporary, { recursive: true, force: true });
    await mkdir(temporary);
    const files: Manifest["files"] = {};
    for (const [part, make] of Object.entries(parts)) {
      const name = `${part}.safetensors`;
      const tensors = await make();
      files[name] = {
        ...(await writeSynced(join(temporary, name), safetensorsPieces(tensors))),
        tensors: Object.fromEntries([...tensors].map(([path, tensor]) => [path, tensorHash(tensor)])),
      };
    }
    const text = `${JSON.stringify(sealed({ ...content, files }), null, 2)}\n`;
    await writeSynced(join(temporary, MANIFEST), Buffer.from(text));
    await syncFolder(temporary);
    await replaceFolder(checkpoints, temporary, folder, content.step);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => {}); // make room
    throw isSystemError(error) ? writeError(folder, error, bytes) : error;
  }
  return folder;
}

/** Renames `temporary` to `folder`; one of that name, which was damaged, is there until the new one is in its place. */
async function replaceFolder(checkpoints: string, temporary: string, folder: string, step: number): Promise<void> {
  const aside = join(checkpoints, `${REPLACED}${step}`);
  if (existsSync(folder)) {
    await rm(aside, { recursive: true, force: true });
    await rename(folder, aside);
  }
  await rename(temporary, folder);
  await syncFolder(checkpoints);
  await rm(aside, { recursive: true, force: true });
}

/** Removes what a crash left half written, and puts back what it left half replaced. For the run's only writer. */
export async function clearCheckpointLeftovers(checkpoints: string): Promise<void> {
  if (!existsSync(checkpoints)) return;
  for (const name of await readdir(checkpoints)) {
    const path = join(checkpoints, name);
    const folder = join(checkpoints, name.replace(REPLACED, "step-"));
    if (name.startsWith(REPLACED) && !existsSync(folder)) await rename(path, folder);
    else if (name.startsWith(REPLACED) || name.startsWith(TEMPORARY)) await rm(path, { recursive: true, force: true });
  }
}

/** SHA-256 of the elements of a tensor, in hexadecimal. */
const tensorHash = (tensor: Tensor): string => createHash("sha256").update(bytesOf(tensor)).digest("hex");

/**
 * Reads a checkpoint's manifest and the parts asked for.
 *
 * @throws DamagedCheckpoint when a file is missing, unreadable, or not the one that the manifest names; UserError when it is
 *   of another format, or was saved without one of these parts
 */
export async function readCheckpoint<Wanted extends Part>(
  folder: string,
  wanted: readonly Wanted[],
): Promise<{ manifest: Manifest; parts: Record<Wanted, Tensors> }> {
  const manifest = await readManifest(folder);
  const parts = {} as Record<Wanted, Tensors>;
  for (const part of wanted) {
    const name = `${part}.safetensors`;
    const expected = manifest.files[name];
    if (!expected) throw new UserError("not-found", withoutPart(folder, part, manifest));
    const path = join(folder, name);
    const { tensors, sha256 } = await readSafetensorsFile(path).catch((error) => {
      if (isSystemError(error)) throw unreadable(path, error); // as of a failing disk
      throw error instanceof UserError ? new DamagedCheckpoint(error.message) : error;
    });
    if (sha256 !== expected.sha256) {
      throw new DamagedCheckpoint(
        `Expected ${path} to have the SHA-256 ${expected.sha256} that its manifest names, got ${sha256}: ` +
          `${damagedTensors(tensors, expected.tensors)}.`,
      );
    }
    parts[part] = tensors;
  }
  return { manifest, parts };
}

const PART_NAMES: Record<Part, string> = {
  parameters: "the weights without averaging",
  ema: "the moving average of the weights",
  optimizer: "the state of the optimizer",
  spectral: "the state of the spectral term",
};

function withoutPart(folder: string, part: Part, { files }: Manifest): string {
  const parts = (Object.keys(PART_NAMES) as Part[]).filter((known) => `${known}.safetensors` in files);
  return (
    `Expected ${PART_NAMES[part]} in ${folder}, which was made with ${parts.map((known) => PART_NAMES[known]).join(" and ")} alone. ` +
    'Use it with `weights: "ema"`; to train it further, start a new run with `initial`.'
  );
}

/** Which of a file's tensors are not those that its manifest names. */
function damagedTensors(tensors: Tensors, hashes: Record<string, string>): string {
  const names = [...new Set([...tensors.keys(), ...Object.keys(hashes)])];
  const damaged = names.filter((name) => {
    const tensor = tensors.get(name);
    return !tensor || tensorHash(tensor) !== hashes[name];
  });
  if (damaged.length === 0) return "its header is damaged, the elements of every tensor are whole";
  return damaged.length === 1
    ? `the tensor ${damaged[0]} is damaged`
    : `${damaged.length} tensors are damaged, ${damaged[0]} the first of them`;
}

/**
 * What a checkpoint says of itself.
 *
 * @throws as {@link readCheckpoint}
 */
export async function readManifest(folder: string): Promise<Manifest> {
  const path = join(folder, MANIFEST);
  const bytes = await readFile(path).catch((error: Error) => {
    throw unreadable(path, error);
  });
  const json = parseJson(bytes, (problem) => {
    throw new DamagedCheckpoint(`Expected JSON in ${path}, but ${problem}.`);
  });
  const format = z.looseObject({ format: z.int() }).safeParse(json).data?.format;
  if (format !== undefined && format !== FORMAT) {
    throw new UserError(
      "unsupported-format",
      `Expected a checkpoint of format ${FORMAT} in ${folder}, got one of format ${format}, which strata ${version} does not read. ` +
        "Use the version that made it, or start a new run in another folder.",
    );
  }
  const parsed = manifestSchema.safeParse(json);
  if (!parsed.success) {
    throw new DamagedCheckpoint(`Expected a checkpoint's manifest in ${path}:\n${z.prettifyError(parsed.error)}`);
  }
  const problem = brokenSeal(parsed.data);
  if (problem) throw new DamagedCheckpoint(`Expected the manifest ${path} as it was written, but ${problem}.`);
  return parsed.data;
}

const unreadable = (path: string, error: Error) =>
  new DamagedCheckpoint(`Expected a file of a checkpoint at ${path}: ${error.message}.`);

/**
 * Reads the newest checkpoint that is undamaged, and says which ones it skipped.
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
      if (!(error instanceof DamagedCheckpoint)) throw error;
      onNotice(`The checkpoint of step ${step} is damaged and was skipped. ${error.message}`);
    }
  }
  if (steps.length === 0) return undefined;
  throw new UserError(
    "damaged",
    `Expected an undamaged checkpoint in ${checkpoints}, but all ${steps.length} are damaged. ` +
      "Restore them from a backup, or delete the run folder and start again.",
  );
}

/**
 * Deletes the checkpoints that need not be kept: after a new one is safe on disk. One that cannot be deleted, as when another
 * program reads it, is no reason to end training: its turn comes again after the next.
 */
export async function retainCheckpoints(checkpoints: string, retention: Retention): Promise<void> {
  const surplus = surplusSteps(await listCheckpoints(checkpoints), retention);
  for (const step of surplus) {
    await rm(checkpointFolder(checkpoints, step), { recursive: true, force: true }).catch(() => {});
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

/** What is kept of the checkpoints up to `current`. */
export interface Retention {
  /** Step of the checkpoint just saved. */
  current: number;
  /** How many of the newest. */
  recent: number;
  /** Batches between those kept for good: the first from every multiple of it on; 0: none. */
  every: number;
  /** Step of the best on held-out images. */
  best?: number;
}

/**
 * The steps whose checkpoints can go. Those after `current` stay: they were damaged when the run resumed from an earlier one,
 * and are replaced when it comes there.
 *
 * @param steps - of all checkpoints, ascending
 */
export function surplusSteps(steps: readonly number[], { current, recent, every, best }: Retention): number[] {
  const past = steps.filter((step) => step <= current);
  const period = (step: number) => Math.floor(step / every);
  // The first of a period stays the first of it: what was kept for good once is kept ever after.
  const permanent = (index: number) =>
    every > 0 && period(past[index]) > 0 && (index === 0 || period(past[index - 1]) < period(past[index]));
  return past.filter((step, index) => index < past.length - recent && step !== best && !permanent(index));
}
