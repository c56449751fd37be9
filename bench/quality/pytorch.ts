/** @file Contestants written in PyTorch: programs of this folder, which train and draw by themselves. */
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { applySettings, type Config, type PresetName, resolvePreset } from "../../src/config/index.js";
import { take } from "../../src/data/index.js";
import { portions } from "../../src/inference/batches.js";
import { writeInputs } from "../peers/inputs.js";
import { pyTorchInstallations } from "../peers/systems.js";
import type { Contestant, Task, Trained } from "./task.js";

/** What a program says at its end. */
interface Answer {
  parameters: number;
  images: number;
  seconds: number;
  settings: { name: string; secondsPer1000: number }[];
}

/** Images written at once. */
const PART = 1024;

/** Writes what a program reads: images as uint8 [N, 3, R, R] and labels as int32, one after another. */
function writeTask(task: Task, config: Config | undefined) {
  const { labels, out } = task;
  const { train } = task.data;
  const paths = Object.fromEntries(
    ["images", "labels", "draw", "config", "weights"].map((name) => [name, join(out, `task.${name}`)]),
  );
  const bytes = (values: Int32Array) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  writeFileSync(paths.images, "");
  for (const { indices, used } of portions(train.count, PART)) {
    writeFileSync(paths.images, take(train, indices.slice(0, used)).images, { flag: "a" });
  }
  writeFileSync(paths.labels, bytes(train.labels!));
  writeFileSync(paths.draw, bytes(labels));
  if (config) {
    writeFileSync(paths.config, JSON.stringify(config));
    writeInputs(paths.weights, config, "train");
  }
  const { minutes, threads, seed } = task;
  return { minutes, threads, seed, out, ...paths, resolution: train.resolution, classes: train.classes.length };
}

function answerOf(interpreter: string, program: string, task: object): Promise<Answer> {
  const script = fileURLToPath(new URL(`pytorch/${program}`, import.meta.url));
  const { OPENBLAS_CORETYPE, OPENBLAS_L2_SIZE, ...env } = process.env; // meant for older libraries, and slow
  const child = spawn(interpreter, ["-B", script], { stdio: ["pipe", "pipe", "inherit"], env });
  let text = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
  });
  child.stdin.end(`${JSON.stringify(task)}\n`);
  return new Promise((resolve, reject) => {
    child.on("error", reject).on("close", (code) => {
      if (code === 0) resolve(JSON.parse(text) as Answer);
      else reject(new Error(`${program} ended with ${code}.`));
    });
  });
}

/** A program of `pytorch/`, given the configuration that Strata has where it trains the same network. */
export const inPyTorch = (
  { id, title, name }: Pick<Contestant, "id" | "title" | "name">,
  program: string,
  network?: { preset: PresetName; settings: string[] },
): Contestant => ({
  id,
  title,
  name,
  run: async (task): Promise<Trained | undefined> => {
    const [installation] = pyTorchInstallations();
    if (!installation) return undefined;
    const config =
      network && applySettings(resolvePreset(network.preset), [...network.settings, `training.seed=${task.seed}`]);
    const { settings, ...trained } = await answerOf(installation.interpreter, program, writeTask(task, config));
    const drawn = settings.map(({ name, secondsPer1000 }) => {
      return { setting: name, images: new Uint8Array(readFileSync(join(task.out, `${name}.u8`))), secondsPer1000 };
    });
    return { ...trained, drawn };
  },
});
