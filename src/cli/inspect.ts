/** @file `strata inspect`: what a run, a preset, a configuration or a file of weights contains. */
import { existsSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { type Config, presets, resolvePreset } from "../config/index.js";
import { UserError } from "../errors.js";
import { readSafetensors } from "../formats/safetensors.js";
import { type ModelSummary, summariseModel } from "../report/model-summary.js";
import { locateRun } from "../training/pretrained.js";
import { readRunConfig } from "../training/run-folder.js";
import { type Context, createCommand, withContext } from "./command.js";
import { readConfig } from "./configuration.js";
import { formatBytes, formatCount, formatShare, formatShort } from "./format.js";
import { facts, table } from "./table.js";

export const inspectCommand = createCommand(
  "inspect <what>",
  "layers, groups and their target shares, parameters, work and memory of a run, a preset or a file",
  "strata inspect emoji32-small",
).action(withContext(runInspect));

async function runInspect(context: Context, _options: object, what: string): Promise<void> {
  if (extname(what) === ".safetensors") {
    const tensors = await listTensors(what);
    context.result(tensors, tensorsText(tensors));
    return;
  }
  const summary = summariseModel(await findConfig(what));
  context.result(summary, summaryText(summary));
}

/** The configuration of a run folder, a file, or a preset. */
async function findConfig(what: string): Promise<Config> {
  if (Object.hasOwn(presets, what)) return resolvePreset(what);
  const path = locateRun(what);
  if (!existsSync(path)) {
    const names = Object.keys(presets).join(", ");
    throw new UserError(`Expected a run folder, a preset or a file, got ${what}, which is none. Presets: ${names}.`);
  }
  return statSync(path).isDirectory() ? readRunConfig(path) : readConfig(path);
}

/** The summary for people. */
export function summaryText(summary: ModelSummary): string {
  const { parameters, parts, levels, groups, multiplyAccumulates, memoryBytes, microBatch, rematerialise } = summary;
  const right = (heading: string) => ({ heading, align: "right" as const });
  return [
    facts([
      ["preset", summary.preset],
      ["parameters", formatCount(parameters)],
      [
        "to draw an image",
        `${formatShort(multiplyAccumulates.generation)} multiply-accumulates, ${formatBytes(memoryBytes.generation)}`,
      ],
      ["to train on one", `${formatShort(multiplyAccumulates.training)} multiply-accumulates`],
      [
        "memory to train",
        `about ${formatBytes(memoryBytes.training)} with a micro-batch of ${microBatch}${rematerialise ? ", rematerialised" : ""}`,
      ],
      ["weights", formatBytes(memoryBytes.weights)],
    ]),
    table(
      ["resolution", "channels", "encoder blocks", "stochastic layers", "attention", "parameters"].map(right),
      levels.map((level) => [
        ...[level.resolution, level.channels, level.encoderBlocks, level.stochasticLayers, level.attention].map(String),
        formatCount(level.parameters),
      ]),
    ),
    table(
      [right("group"), right("resolution"), { heading: "latent" }, right("target share")],
      groups.map(({ index, resolution, latentShape, share }) => [
        String(index),
        String(resolution),
        latentShape.join("×"),
        share === null ? "none" : formatShare(share),
      ]),
    ),
    table(
      [{ heading: "part" }, right("parameters"), right("share")],
      parts.map((part) => [part.part, formatCount(part.parameters), formatShare(part.parameters / parameters)]),
    ),
  ].join("\n\n");
}

interface TensorList {
  file: string;
  metadata: Record<string, string>;
  tensors: { name: string; dtype: string; shape: number[] }[];
  elements: number;
}

async function listTensors(file: string): Promise<TensorList> {
  if (!existsSync(file)) throw new UserError(`Expected a file at ${file}, but there is none.`);
  const { tensors, metadata } = readSafetensors(await readFile(file), file);
  const list = [...tensors].map(([name, { dtype, shape }]) => ({ name, dtype, shape }));
  const elements = [...tensors.values()].reduce((sum, { data }) => sum + data.length, 0);
  return { file, metadata, tensors: list, elements };
}

function tensorsText({ file, metadata, tensors, elements }: TensorList): string {
  const heading = facts([
    ["file", file],
    ["tensors", formatCount(tensors.length)],
    ["elements", formatCount(elements)],
    ...Object.entries(metadata),
  ]);
  const rows = tensors.map(({ name, dtype, shape }) => [name, dtype, shape.join("×") || "scalar"]);
  return `${heading}\n\n${table([{ heading: "tensor" }, { heading: "type" }, { heading: "shape" }], rows)}`;
}
