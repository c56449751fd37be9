/** @file Opening a run folder, finished or still growing, or a run that ships with the package, to use its model. */
import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { UserError } from "../../errors.js";
import { type ParameterTree, parameterSpecs, type TrainedModel } from "../../inference/trained-model.js";
import type { HubOptions } from "../../io/hub/access.js";
import { isHubPlace } from "../../io/hub/address.js";
import { fetchedFromHub } from "../../io/hub/snapshot.js";
import { flawsOf, listFlaws } from "../../io/tensors/flaws.js";
import { packagePath } from "../../package-folder.js";
import { checkpointFolder, listCheckpoints, readCheckpoint, readNewest, type Tensors } from "./checkpoint.js";
import { bestOf } from "./held-out.js";
import { fetchRun } from "./hub-run.js";
import { readMetrics } from "./metrics-log.js";
import { readDataSummary, readRunConfig, runPaths } from "./run-folder.js";
import { fromTensors } from "./tensor-trees.js";

/** Which weights {@link openRun} takes. */
export interface OpenRunOptions {
  /** `last`, `best` (smallest bound on held-out images among those kept), or a step. Default `last`. */
  checkpoint?: "last" | "best" | number;
  /** The moving average of the weights, or the weights themselves. Default `ema`. */
  weights?: "ema" | "raw";
  /** Called with what the user should know: that a damaged checkpoint was skipped. */
  onNotice?: (message: string) => void;
  /** Whether weights with values that are no numbers are given all the same, and told of; by default they are refused. */
  flawed?: boolean;
  /** How a hub is asked for a run that lies there. */
  hub?: Omit<HubOptions, "onNotice">;
}

/**
 * Reads a model from a run folder, verifying the hashes of what it reads.
 *
 * @param run - the folder, `pretrained:NAME` for a model that ships with the package, `hf:OWNER/NAME` for one on a hub, or the
 *   folder of one checkpoint of a run, RUN/checkpoints/step-N
 * @throws UserError when the folder is no run, or has no such checkpoint or no undamaged one, or when its weights
 *   hold values that are no numbers, with which no image can be made
 */
export async function openRun(run: string, options: OpenRunOptions = {}): Promise<TrainedModel> {
  const { weights = "ema", onNotice = () => {} } = options;
  await fetchRun(run, weights, { ...options.hub, onNotice });
  const { folder, step } = located(run);
  const { checkpoint = step ?? "last" } = options;
  const config = await readRunConfig(folder);
  const part = weights === "ema" ? "ema" : "parameters";
  const { checkpoints } = runPaths(folder);
  const found =
    checkpoint === "last"
      ? await readNewest(checkpoints, [part], onNotice)
      : await readCheckpoint(await namedCheckpoint(folder, checkpoint), [part]);
  if (!found) {
    throw new UserError("not-found", `Expected a checkpoint in ${checkpoints}, found none.`, {
      advice: "Train the run first.",
      details: { run: folder },
    });
  }
  const { manifest } = found;
  const flaws = flawsIn(found.parts[part]);
  if (flaws !== undefined) {
    const sentence = `The weights of ${folder} at step ${manifest.step} (${part}) hold values that are no numbers: ${flaws}.`;
    if (!options.flawed) {
      throw new UserError(
        "invalid-values",
        `${sentence} No image can be made with them. Take another \`checkpoint\`, or other \`weights\`.`,
      );
    }
    onNotice(sentence);
  }
  return {
    config,
    parameters: fromTensors(parameterSpecs(config), found.parts[part], `${folder} (${part})`) as ParameterTree,
    step: manifest.step,
    data: await readDataSummary(folder),
  };
}

/** Which tensors have values that are no numbers, for a message; undefined where none has. */
function flawsIn(tensors: Tensors): string | undefined {
  const flawed = [...tensors].flatMap(([name, tensor]) => {
    const flaws = flawsOf(tensor);
    return flaws ? [[name, flaws] as const] : [];
  });
  return flawed.length > 0 ? listFlaws(flawed) : undefined;
}

/** The folder of a run, and the step when one of its checkpoints is meant. */
export function located(run: string): { folder: string; step?: number } {
  const path = locateRun(run);
  const step = /^step-(\d+)$/.exec(basename(path));
  const checkpoints = dirname(path);
  return step && basename(checkpoints) === "checkpoints"
    ? { folder: dirname(checkpoints), step: Number(step[1]) }
    : { folder: path };
}

/** The folder of the best checkpoint, or of the one of a step. */
async function namedCheckpoint(folder: string, wanted: "best" | number): Promise<string> {
  const { checkpoints } = runPaths(folder);
  const steps = await listCheckpoints(checkpoints);
  const step = wanted === "best" ? bestStep(folder, steps) : wanted;
  if (step === undefined) {
    throw new UserError(
      "not-found",
      `Expected a checkpoint of ${folder} at a step that was evaluated on held-out images, found none. Use another one: ${steps.join(", ") || "there are none"}.`,
    );
  }
  if (!steps.includes(step)) {
    throw new UserError(
      "not-found",
      `Expected a checkpoint of step ${step} in ${checkpoints}, got steps ${steps.join(", ") || "none"}.`,
    );
  }
  return checkpointFolder(checkpoints, step);
}

/** Among `steps`, the one with the smallest bound on held-out images; undefined when none of them was evaluated. */
function bestStep(folder: string, steps: readonly number[]): number | undefined {
  const { metrics } = runPaths(folder);
  return existsSync(metrics) ? bestOf(readMetrics(metrics), steps)?.step : undefined;
}

const PREFIX = "pretrained:";

/** Where the models that ship are. */
const pretrainedFolder = (): string => packagePath("pretrained");

/** Names of the models that ship. */
export function pretrainedNames(): string[] {
  const folder = pretrainedFolder();
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, "config.json")))
    .sort();
}

/**
 * The folder of a run: that of `pretrained:NAME`, that of `hf:OWNER/NAME` as it was fetched, or the path itself.
 *
 * @throws UserError when no model of that name ships, or has been fetched
 */
export function locateRun(run: string): string {
  if (isHubPlace(run)) return fetchedFromHub(run, "model");
  if (!run.startsWith(PREFIX)) return run;
  const names = pretrainedNames();
  const name = run.slice(PREFIX.length);
  if (names.includes(name)) return join(pretrainedFolder(), name);
  throw new UserError(
    "unknown-name",
    `Expected a model that ships, ${names.map((known) => PREFIX + known).join(", ")}, got ${run}.`,
  );
}
