/** @file A trained model as a folder for a web server: its graphs and weights, ONNX Runtime for browsers, and a manifest of them. */
import { rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { targetShares } from "../../config/index.js";
import { UserError } from "../../errors.js";
import { shownAs } from "../../inference/programs/output.js";
import { parameterSpecs, type TrainedModel } from "../../inference/trained-model.js";
import { makeFolderSynced, writeFileAtomic } from "../../io/files/atomic-file.js";
import { cascadeProblem } from "../../latents/cascade.js";
import { countParameters, groups } from "../../model/index.js";
import { outputLayerOf } from "../../objective/output-layers.js";
import { type Refinement, usualSettings } from "../../refinement/refinement.js";
import { version } from "../../version.js";
import {
  type GraphName,
  WEB_FORMAT,
  WEB_VERSION,
  WEIGHTS_NAME,
  type WebManifest,
  type WebModelInfo,
  type WebRefinement,
} from "../../web/manifest.js";
import { encoderProgram } from "../onnx/encoder.js";
import { onnxFile } from "../onnx/export-onnx.js";
import type { OnnxProgram, RefinedOnnxProgram } from "../onnx/ports.js";
import { flowEndProgram, velocityProgram } from "../onnx/refined-sampler.js";
import { samplerProgram } from "../onnx/sampler.js";
import { readPage } from "./page-files.js";
import { PooledWeights } from "./pooled-weights.js";
import { readRuntime, webFile } from "./runtime-files.js";

/** How {@link exportWeb} writes a model. */
export interface ExportWebOptions {
  /** How weights are stored: `float16` (default) is half the download, and changes few bytes of a picture by more than one. */
  dtype?: "float16" | "float32";
  /** What pages call the model; default the last part of `run`. */
  name?: string;
  /** The run, as commands take it; default `runs/model`. Of a path, which is nobody's business, its last part is published. */
  run?: string;
  /** KL of every latent group, nats, where it was measured. */
  groupKlNats?: readonly number[];
  /** Whether to write the page too, with which visitors play with the model. Default: unless it is a super-resolution model. */
  page?: boolean;
  /** The model's refinement, with which pages draw where that is asked for. */
  refinement?: Refinement;
  /** Guidance and temperature that suit it, which the page begins with. Default: guidance 1 and temperature 0.7. */
  shown?: WebRefinement["shown"];
  /** A super-resolution model that enlarges its pictures, exported along: `loadCascade` and the page load both. */
  enlarger?: { model: TrainedModel } & Pick<ExportWebOptions, "name" | "run">;
}

/** Where the files of the second model lie. */
const ENLARGER = "superres";

/**
 * Writes a model for browsers: `load` of `strata-vae/web` reads it. The files take the place of those of an earlier export,
 * the manifest last.
 *
 * @param folder - made if it is not there
 * @returns paths of the files
 * @throws UserError when the package onnxruntime-web is not installed, a super-resolution model is to have a page, float16
 *   cannot hold a weight, or the folder cannot be written
 */
export async function exportWeb(
  model: TrainedModel,
  folder: string,
  { dtype = "float16", page = !model.config.model.superResolution, ...about }: ExportWebOptions = {},
): Promise<{ files: string[] }> {
  if (page && model.config.model.superResolution) {
    throw new UserError(
      "wrong-model",
      "A page to play with: expected a base model, got a super-resolution model, which enlarges pictures of another.",
    );
  }
  const { enlarger } = about;
  const problem = enlarger && cascadeProblem(model.config.model, enlarger.model.config.model);
  if (problem) throw new UserError("wrong-model", `Cascade: ${problem}.`);
  const runtime = await readRuntime();
  const own = new Map(runtime.files);
  if (enlarger) {
    for (const [path, bytes] of modelFiles(enlarger.model, dtype, enlarger, runtime.manifest))
      own.set(`${ENLARGER}/${path}`, bytes);
  }
  for (const [path, bytes] of modelFiles(model, dtype, about, runtime.manifest)) own.set(path, bytes);
  const all = new Map([...(page ? await readPage(own) : []), ...own]);
  await writeAll(all, folder);
  return { files: [...all.keys()].map((path) => join(folder, path)) };
}

/** The graphs, their weights and at last the manifest of them, by path. */
function modelFiles(
  model: TrainedModel,
  dtype: "float16" | "float32",
  about: ExportWebOptions,
  runtime: WebManifest["runtime"],
): Map<string, Uint8Array> {
  const { config } = model;
  const { refinement } = about;
  const programs: Partial<Record<GraphName, OnnxProgram | RefinedOnnxProgram>> = {
    sampler: samplerProgram(config, false),
    ...(config.model.classes > 0 && { guided: samplerProgram(config, true) }),
    ...(refinement && {
      velocity: velocityProgram(config, refinement),
      "flow-end": flowEndProgram(config, refinement),
    }),
    ...(!config.model.superResolution && { encoder: encoderProgram(config) }),
  };
  const files = new Map<string, Uint8Array>();
  const pool = new PooledWeights(WEIGHTS_NAME);
  const graphs = Object.entries(programs).map(([name, program]) => {
    const path = `model/${name}.onnx`;
    files.set(path, pool.takeFrom(onnxFile(model, program)));
    return [name, webFile(path, files.get(path)!)] as const;
  });
  const path = `model/weights.${dtype === "float16" ? "f16" : "f32"}.bin`;
  files.set(path, pool.bytes(dtype));
  const manifest: WebManifest = {
    format: WEB_FORMAT,
    version: WEB_VERSION,
    producer: version,
    model: describe(model, about),
    weights: { ...webFile(path, files.get(path)!), dtype },
    graphs: Object.fromEntries(graphs) as WebManifest["graphs"],
    runtime,
  };
  return files.set("manifest.json", Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`));
}

/** What a model is called, and its run as far as it is anybody's business. */
function called({ run = "runs/model", name }: Pick<ExportWebOptions, "name" | "run">): { name: string; run: string } {
  const last = run
    .replace(/^pretrained:/, "")
    .split(/[\\/]/)
    .at(-1)!;
  const isPublic = /^\w{2,}:/.test(run); // it ships or lies on a hub; C:\runs is a path
  return { name: name ?? last, run: isPublic ? run : `runs/${name ?? last}` };
}

function describe({ config, data, step }: TrainedModel, about: ExportWebOptions): WebModelInfo {
  const { groupKlNats, refinement, shown = usualSettings(config.model), enlarger } = about;
  const { model, objective } = config;
  const all = groups(model);
  const shares = objective.informationSchedule
    ? targetShares(
        objective.informationSchedule,
        all.map(({ resolution }) => resolution),
      )
    : undefined;
  const { kind, channels } = outputLayerOf(objective).noise;
  return {
    ...called(about),
    config: model,
    outputNoise: shownAs(objective, "mean") === "sample" ? { kind, channels } : null,
    classes: model.classes > 0 ? data.classes : [],
    classCounts: model.classes > 0 ? data.classCounts : [],
    step,
    parameters: countParameters(parameterSpecs(config)),
    groups: all.map(({ index }) => ({ share: shares?.[index] ?? null, klNats: groupKlNats?.[index] ?? null })),
    refinement: refinement ? { groups: refinement.groups, steps: refinement.steps, shown } : null,
    enlarger: enlarger
      ? {
          path: `${ENLARGER}/manifest.json`,
          ...called(enlarger),
          resolution: enlarger.model.config.model.resolution,
        }
      : null,
  };
}

/** Files that an earlier export may have left. */
const FORMER = ["", `${ENLARGER}/`].flatMap((place) => [
  ...["sampler", "guided", "velocity", "flow-end", "encoder"].map((name) => `${place}model/${name}.onnx`),
  ...["f16", "f32"].map((dtype) => `${place}model/weights.${dtype}.bin`),
  `${place}manifest.json`,
]);

/** Writes every file beside its place, then moves all into it, the last one last. */
async function writeAll(files: ReadonlyMap<string, Uint8Array>, folder: string): Promise<void> {
  const unfinished = join(folder, `.writing-${process.pid}`);
  await makeFolderSynced(unfinished);
  try {
    for (const [path, bytes] of files) {
      await makeFolderSynced(dirname(join(unfinished, path)));
      await writeFileAtomic(join(unfinished, path), bytes);
    }
    for (const path of files.keys()) {
      await makeFolderSynced(dirname(join(folder, path)));
      await rename(join(unfinished, path), join(folder, path));
    }
    for (const path of FORMER.filter((each) => !files.has(each))) await rm(join(folder, path), { force: true });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}
