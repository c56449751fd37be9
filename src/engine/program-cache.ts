/**
 * @file Lowered programs on disk: a program is traced once on a machine, not once a run.
 *
 * A convenience, never a need: what cannot be read, is damaged or cannot be written is traced as if there were no cache.
 * `STRATA_CACHE_DIR` names another folder; empty, it switches the cache off.
 */
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { OnnxModel } from "./onnx/lower.js";
import { Spec } from "./spec.js";
import { map, type Tree } from "./tree.js";

/** All that running a program takes. */
export interface LoweredProgram extends OnnxModel {
  /** What the traced function returned, with a spec for every array. */
  returned: Tree<Spec>;
}

/** Largest size of all files together, bytes; those used longest ago go first. */
const LIMIT = 256 * 2 ** 20;

const SUFFIX = ".program";
const NEWLINE = 10;

/** The program kept under `key`, or else the one that `lower` makes, kept from then on. */
export async function cached(key: string, lower: () => LoweredProgram): Promise<LoweredProgram> {
  const folder = cacheFolder();
  if (folder === undefined) return lower();
  const path = join(folder, sha256(key) + SUFFIX);
  const known = await readFile(path).then(decode, () => undefined);
  if (known) {
    await utimes(path, new Date(), new Date()).catch(() => {});
    return known;
  }
  const program = lower();
  await keep(folder, path, encode(program)).catch(() => {});
  return program;
}

/** Where programs are kept, if anywhere. */
function cacheFolder(): string | undefined {
  const { STRATA_CACHE_DIR, XDG_CACHE_HOME } = process.env;
  const root = STRATA_CACHE_DIR ?? join(XDG_CACHE_HOME || join(homedir(), ".cache"), "strata");
  return root === "" ? undefined : join(root, "programs");
}

const sha256 = (content: string | Uint8Array): string => createHash("sha256").update(content).digest("hex");

/** A line of JSON, then the model. */
function encode({ model, inputs, outputs, returned }: LoweredProgram): Uint8Array {
  const header = {
    sha256: sha256(model),
    inputs,
    outputs,
    returned: map(returned, (spec) => [spec.dtype, ...spec.shape].join(" ")),
  };
  return Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), model]);
}

/** The program in a file, or `undefined` when the file is not as it was written. */
function decode(bytes: Uint8Array): LoweredProgram | undefined {
  try {
    const end = bytes.indexOf(NEWLINE);
    const header = JSON.parse(Buffer.from(bytes.subarray(0, end)).toString());
    const model = bytes.slice(end + 1);
    if (header.sha256 !== sha256(model)) return undefined;
    const { inputs, outputs } = header;
    return { model, inputs, outputs, returned: map(header.returned as Tree<string>, parseSpec) };
  } catch {
    return undefined;
  }
}

function parseSpec(text: string): Spec {
  const [dtype, ...shape] = text.split(" ");
  return new Spec(shape.map(Number), dtype as Spec["dtype"]);
}

async function keep(folder: string, path: string, content: Uint8Array): Promise<void> {
  await mkdir(folder, { recursive: true });
  const temporary = `${path}.${process.pid}`;
  await writeFile(temporary, content);
  await rename(temporary, path);
  await prune(folder);
}

/** Deletes what was used longest ago until the rest is within the limit. */
async function prune(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.includes(SUFFIX));
  const files = await Promise.all(
    names.map(async (name) => ({ path: join(folder, name), ...(await stat(join(folder, name))) })),
  );
  let total = 0;
  for (const { path, size } of files.sort((a, b) => b.mtimeMs - a.mtimeMs)) {
    total += size;
    if (total > LIMIT) await rm(path, { force: true });
  }
}
