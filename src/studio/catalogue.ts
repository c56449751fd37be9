/** @file The runs that a studio shows: those that were named, and those that lie in a folder that was named, also later. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, realpath } from "node:fs/promises";
import { basename, join, sep } from "node:path";
import { UserError } from "../errors.js";
import { locateRun, pretrainedNames } from "../training/run/open-run.js";
import { runPaths } from "../training/run/run-folder.js";

/** A run that can be addressed. */
export interface StudioRun {
  /** Its name, and a digest of where it lies: no path of this machine. */
  id: string;
  name: string;
  /** As commands name it. */
  run: string;
  folder: string;
}

/** How deep folders are searched for runs, and how many are shown. */
const DEEPEST = 3;
const MOST = 500;

/** Where an address in a browser cannot lead out of. */
export class Catalogue {
  /**
   * @param roots - run folders, `pretrained:NAME`, `hf:OWNER/NAME` once it was fetched, or folders in which runs lie or will lie. None: `runs` here, and all models
   *   that ship
   */
  constructor(private readonly roots: readonly string[]) {}

  /** All runs there are now, in the order of the roots. */
  async list(): Promise<StudioRun[]> {
    const roots =
      this.roots.length > 0 ? this.roots : ["runs", ...pretrainedNames().map((name) => `pretrained:${name}`)];
    const found: StudioRun[] = [];
    const known = new Set<string>();
    for (const root of roots) {
      for (const run of await runsAt(root, MOST - found.length)) {
        if (!known.has(run.id)) found.push(run);
        known.add(run.id);
      }
    }
    return found;
  }

  /** @throws UserError when no such run is there */
  async find(id: string): Promise<StudioRun> {
    const run = (await this.list()).find((each) => each.id === id);
    if (run) return run;
    throw new UserError(
      "not-found",
      "Expected a run of this studio. It may have been moved or deleted: reload the page.",
    );
  }
}

async function runsAt(root: string, most: number): Promise<StudioRun[]> {
  const located = locateRun(root);
  if (located !== root) return [await describe(root, located, root.split(/[:/]/).at(-1)!)];
  if (!existsSync(root)) return [];
  const places = await search(root, DEEPEST, most);
  return Promise.all(places.map((place) => describe(place, place, basename(place))));
}

/** A damaged run is one too: what is wrong with it is told. */
function isRun(folder: string): boolean {
  const { config, data, metrics, checkpoints } = runPaths(folder);
  return existsSync(config) && [data, metrics, checkpoints].some((path) => existsSync(path));
}

/** Run folders in a folder, or itself; links are not followed. */
async function search(folder: string, depth: number, most: number): Promise<string[]> {
  if (isRun(folder)) return [folder];
  if (depth === 0) return [];
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const found: string[] = [];
  for (const entry of entries.sort((a, b) => a.name.localeCompare(b.name))) {
    if (found.length >= most) break;
    if (entry.isDirectory() && !entry.name.startsWith(".")) {
      found.push(...(await search(join(folder, entry.name), depth - 1, most - found.length)));
    }
  }
  return found;
}

async function describe(run: string, folder: string, name: string): Promise<StudioRun> {
  const place = await realpath(folder);
  const digest = createHash("sha256").update(place).digest("hex").slice(0, 8);
  const word = basename(name === "." ? place : name);
  return { id: `${word.replace(/[^\w.-]+/g, "-")}-${digest}`, name: word, run, folder: place };
}

/**
 * The real place of a file of a run.
 *
 * @throws UserError when it is not there, or a link leads out of the run's folder
 */
export async function fileOfRun({ folder }: StudioRun, path: string): Promise<string> {
  const place = await realpath(path).catch(() => undefined);
  if (place?.startsWith(folder + sep)) return place;
  throw new UserError("not-found", `Expected a file of the run ${basename(folder)}, and there is none of this name.`);
}
