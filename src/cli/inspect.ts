/** @file `strata inspect`: what a run, a preset, a configuration or a file of weights contains. */
import { existsSync, statSync } from "node:fs";
import { dirname, extname } from "node:path";
import { type Config, presets, resolvePreset } from "../config/index.js";
import { UserError } from "../errors.js";
import { writeFileAtomic } from "../formats/atomic-file.js";
import { architectureDiagram } from "../report/architecture-diagram.js";
import { type ModelSummary, summariseModel } from "../report/model-summary.js";
import { chartToPng, withDefaultColours } from "../report/svg.js";
import { locateRun } from "../training/pretrained.js";
import { readRunConfig } from "../training/run-folder.js";
import { type Context, createCommand, withContext } from "./command.js";
import { readConfig } from "./configuration.js";
import { formatBytes, formatCount, formatShare, formatShort } from "./format.js";
import { makeFolder } from "./images.js";
import { inspectFile, isModelFile } from "./inspect-file.js";
import { facts, table } from "./table.js";

export const inspectCommand = createCommand(
  "inspect <what>",
  "layers, groups and their target shares, parameters, work and memory of a run, a preset or a file",
  "strata inspect emoji32-small",
)
  .option("--diagram <file>", "draw the architecture instead: a path ending in .svg or .png")
  .action(withContext(runInspect));

async function runInspect(context: Context, { diagram }: { diagram?: string }, what: string): Promise<void> {
  if (diagram !== undefined) return drawDiagram(context, what, diagram);
  if (await isModelFile(what)) return inspectFile(context, what);
  const summary = summariseModel(await findConfig(what));
  context.result(summary, summaryText(summary));
}

/** How the diagram is written, by the ending of the file's name. */
const pictures: Record<string, (svg: string) => Uint8Array | Promise<Uint8Array>> = {
  ".svg": (svg) => Buffer.from(withDefaultColours(svg)),
  ".png": chartToPng,
};

async function drawDiagram({ result }: Context, what: string, diagram: string): Promise<void> {
  const encode = pictures[extname(diagram).toLowerCase()];
  if (!encode) throw new UserError(`--diagram: expected a path ending in .svg or .png, got ${diagram}.`);
  if (await isModelFile(what)) {
    throw new UserError(`--diagram: expected a run, a preset or a configuration, got the file ${what} alone.`);
  }
  const config = await findConfig(what);
  const content = await encode(architectureDiagram(config));
  makeFolder(dirname(diagram));
  await writeFileAtomic(diagram, content);
  result({ diagram, preset: config.preset }, `The architecture of ${config.preset}: ${diagram}`);
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
