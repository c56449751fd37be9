/** @file `strata inspect`: what a run, a preset, a configuration or a file of weights contains. */
import { existsSync, statSync } from "node:fs";
import { dirname, extname } from "node:path";
import { type Config, isPresetName, presetNames, resolvePreset, suggestion } from "../../config/index.js";
import { UserError } from "../../errors.js";
import { calibrationFolder, readCalibration } from "../../experiments/calibration/settings.js";
import { readHeadStatuses } from "../../heads/head-status.js";
import { writeFileAtomic } from "../../io/files/atomic-file.js";
import { formatBytes, formatCount, formatShare, formatShort } from "../../number-format.js";
import { refinementFolder } from "../../refinement/refinement-config.js";
import { readRefinementStatus } from "../../refinement/refinement-status.js";
import { type ModelSummary, summariseModel } from "../../training/cost/model-summary.js";
import { located } from "../../training/run/open-run.js";
import { readRunConfig } from "../../training/run/run-folder.js";
import { readRunStatus } from "../../training/run/run-status.js";
import { type Context, createCommand, withContext } from "../options/command.js";
import { readConfig } from "../options/configuration.js";
import { fetchNamedRun, localFile } from "../options/hub.js";
import { checkFilePlace, makeFolder } from "../options/output-place.js";
import { facts, table } from "../output/table.js";
import { inspectFile, isModelFile } from "./inspect-file.js";
import { runText } from "./inspect-run.js";

export const inspectCommand = createCommand(
  "inspect <what>",
  "show a run, a preset or a file of weights: progress, layers, groups and target shares, parameters, work, memory",
  "strata inspect emoji32-small",
)
  .option("--diagram <file>", "draw the architecture instead, into FILE.svg or FILE.png")
  .action(withContext(runInspect));

async function runInspect(context: Context, { diagram }: { diagram?: string }, place: string): Promise<void> {
  const what = await localFile(place, context);
  if (diagram !== undefined) return drawDiagram(context, what, diagram);
  if (await isModelFile(what)) return inspectFile(context, what);
  const { config, run } = await findModel(what, context);
  const summary = summariseModel(config);
  if (run === undefined) return context.result(summary, summaryText(summary));
  const status = await readRunStatus(run);
  const calibrated = (refined: boolean) =>
    readCalibration(calibrationFolder(run, { refined })).catch((error) => {
      if (!(error instanceof UserError)) throw error;
      status.notices.push(error.message);
      return undefined;
    });
  const calibration = await calibrated(false);
  const found = await readRefinementStatus(refinementFolder(run));
  const refinement = found && { ...found, calibration: await calibrated(true) };
  const heads = await readHeadStatuses(run);
  context.result(
    { ...summary, run: { ...status, ...(calibration && { calibration }), ...(refinement && { refinement }), heads } },
    [runText(what, status, { calibration, refinement, heads }), summaryText(summary)].join("\n\n"),
  );
}

/** How the diagram is written, by the ending of the file's name. */
const pictures: Record<string, (svg: string) => Promise<Uint8Array>> = {
  ".svg": async (svg) => Buffer.from((await import("../../report/svg.js")).withDefaultColours(svg)),
  ".png": async (svg) => (await import("../../report/svg.js")).chartToPng(svg),
};

async function drawDiagram(context: Context, what: string, diagram: string): Promise<void> {
  const encode = pictures[extname(diagram).toLowerCase()];
  if (!encode)
    throw new UserError("invalid-options", `--diagram: expected a path ending in .svg or .png, got ${diagram}.`);
  if (await isModelFile(what)) {
    throw new UserError(
      "invalid-options",
      `--diagram: expected a run, a preset or a configuration, got the file ${what} alone.`,
    );
  }
  checkFilePlace(diagram, "--diagram");
  const { config } = await findModel(what, context);
  const { architectureDiagram } = await import("../../report/architecture-diagram.js"); // charts take a moment to load
  const content = await encode(architectureDiagram(config));
  makeFolder(dirname(diagram));
  await writeFileAtomic(diagram, content);
  context.result({ diagram, preset: config.preset }, `The architecture of ${config.preset}: ${diagram}`);
}

/** The configuration of a run folder or one of its checkpoints, a file, or a preset; and the folder, of a run. */
async function findModel(what: string, context: Context): Promise<{ config: Config; run?: string }> {
  if (isPresetName(what)) return { config: resolvePreset(what) };
  await fetchNamedRun(what, context);
  const { folder: path } = located(what);
  if (!existsSync(path)) {
    throw new UserError(
      "not-found",
      `Expected a run folder, a preset or a file, got ${what}, which is none${suggestion(what, presetNames)} Presets: ${presetNames.join(", ")}.`,
    );
  }
  if (statSync(path).isDirectory()) return { config: await readRunConfig(path), run: path };
  return { config: readConfig(path, (message) => context.progress.note(message)) };
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
