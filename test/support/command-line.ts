/** @file Runs the real command line as a child process, on a small synthetic data set and a model that trains in seconds. */
import { type ChildProcess, type ForkOptions, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { afterAll } from "vitest";

const repository = fileURLToPath(new URL("../..", import.meta.url));

/**
 * The environment without what npm and the shell say of how the tests were called, since the program looks at these; with the
 * cache of `shared-cache.ts`, and with one thread, since several test files share the cores.
 */
const env = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm_|_$)/.test(name))),
  STRATA_CACHE_DIR: process.env.STRATA_TEST_CACHE_DIR ?? "",
  STRATA_THREADS: "1",
};

/** How a command line ended. */
export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A command line that has been started; `ended` resolves when it is over. */
export interface Started {
  child: ChildProcess;
  ended: Promise<Ended>;
}

/** Starts `strata`, which `build.ts` has bundled. */
export const start = (...words: string[]) => launch({}, [], words);

/** The same with more in its environment. */
export const startWith = (variables: Record<string, string>, ...words: string[]) => launch(variables, [], words);

/** Starts `strata` by a script of bash, where it is "$@". */
export const startWithin = (script: string, ...words: string[]): Started =>
  launch({}, ["bash", "-c", script, "bash"], words);

/** The same, to its end. */
export const strataWithin = (script: string, ...words: string[]): Promise<Ended> => startWithin(script, ...words).ended;

/** Starts `strata` by another program, with more in its environment. */
export function launch(variables: Record<string, string>, wrapper: string[], words: string[]): Started {
  const options = { cwd: repository, env: { ...env, ...variables } };
  const [program, ...rest] = [...wrapper, process.execPath, "dist/cli.js", ...words];
  const child = spawn(program, rest, options);
  const text = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const) {
    child[stream].setEncoding("utf8").on("data", (chunk: string) => {
      text[stream] += chunk;
    });
  }
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject).on("close", (code) => resolve({ code, ...text }));
  });
  return { child, ended };
}

/** Runs `strata` to its end. */
export const strata = (...words: string[]): Promise<Ended> => start(...words).ended;

/**
 * Command lines that run in a process which all such calls of a test file share, one at a time. It starts with the first.
 *
 * @param program - the module of `run`, `cli/program`
 */
export function sharedProcess(program: string, options: ForkOptions): (...words: string[]) => Promise<Ended> {
  let child: ChildProcess | undefined;
  afterAll(() => {
    child?.disconnect();
    child = undefined;
  });
  return async (...words) => {
    child ??= fork(join(repository, "test/support/shared-process.mjs"), [program], options);
    const ended = once(child, "message");
    child.send(words);
    return (await ended)[0] as Ended;
  };
}

/**
 * Runs `strata` in a process that all such calls of a test file share: for what a command refuses, writes and prints, where it
 * takes hardly more than the start of a process.
 */
export const sharedStrata = sharedProcess(join(repository, "dist/program.js"), { cwd: repository, env });

/** A folder that goes away when the tests of the file are done. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "strata-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * Writes PNG images of 12×12, or of another size, a coloured disc on white each, into sub-folders named by class.
 *
 * @returns the folder
 */
export async function discs(folder: string, classes: string[], countPerClass: number, size = 12): Promise<string> {
  for (const [label, name] of classes.entries()) {
    mkdirSync(join(folder, name), { recursive: true });
    for (let i = 0; i < countPerClass; i++) {
      const fill = `hsl(${(360 * label) / classes.length + 3 * i}, 80%, 50%)`;
      const disc = `<svg width="${size}" height="${size}" viewBox="0 0 12 12"><circle cx="6" cy="${4 + (i % 4)}" r="${3 + (i % 3)}" fill="${fill}"/></svg>`;
      await sharp(Buffer.from(disc))
        .flatten({ background: "white" })
        .png()
        .toFile(join(folder, name, `${i}.png`));
    }
  }
  return folder;
}

const levels = [
  { resolution: 4, channels: 8, encoderBlocks: 1, stochasticLayers: 1 },
  { resolution: 8, channels: 8, encoderBlocks: 1, stochasticLayers: 1 },
];

/** A model of 8×8 images that compiles and trains at once. */
export const tiny = [
  ...[
    "--preset",
    "emoji32-small",
    "--set",
    "model.resolution=8",
    "model.latentChannels=16",
    `model.levels=${JSON.stringify(levels)}`,
  ],
  ...["training.batchSize=4", "training.steps=8", "training.checkpointEvery=4", "training.evaluateEvery=4"],
];
