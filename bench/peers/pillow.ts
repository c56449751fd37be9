/** @file Those who prepare images: Pillow and NumPy, and our own batches in a process of their own. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Responder } from "./responder.js";

/** Debian's interpreter first: it is the one that has Debian's packages. */
const INTERPRETERS = ["/usr/bin/python3", "python3"];

const hasPillow = (interpreter: string): boolean => {
  try {
    execFileSync(interpreter, ["-c", "import numpy, PIL.Image"], { stdio: "pipe" });
    return true;
  } catch {
    return false;
  }
};

/** Every file of a folder decoded, cropped and resized, into one file. */
export interface PrepareTask {
  work: "prepare";
  folder: string;
  size: number;
  out: string;
}

/** Batches of a file of `count` images, mirrored at random. */
export interface BatchesTask {
  work: "batches";
  path: string;
  offset: number;
  count: number;
  size: number;
  batch: number;
  repeats: number;
}

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** A process with so many workers; undefined where Pillow is not installed. */
export function startPillow(processes: number): Responder<PrepareTask | BatchesTask> | undefined {
  const interpreter = INTERPRETERS.find(hasPillow);
  if (interpreter === undefined) return undefined;
  return new Responder([interpreter, "-B", here("pillow/data.py"), String(processes)]);
}

/** Our batches, beside nothing else in their process, as in a training run. */
export const startBatches = (): Responder<BatchesTask> =>
  new Responder([process.execPath, "--import", "tsx", here("batches.ts")]);
