/** @file A trained model as a folder for a web server: its graphs and weights, ONNX Runtime for browsers, and a manifest of them. */
import { rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { targetShares } from "../../config/index.js";
import { UserError } from "../../errors.js";
import { shownAs } from "../../inference/programs/output.js";
import { parameterSpecs, type TrainedModel } from "../../inference/trained-model.js";
import { makeFolderSynced, writeFileAtomic } from "../../io/files/atomic-file.js";
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
}

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
  const runtime = await readRuntime();
  const { files, weights, graphs } = modelFiles(model, dtype, about.refinement);
  const manifest: WebManifest = {
    format: WEB_FORMAT,
    version: WEB_VERSION,
    producer: version,
    model: describe(model, about),
    weights: { ...weights, dtype },
    graphs,
    runtime: runtime.manifest,
  };
  const own = new Map([...runtime.files, ...files]);
  own.set("manifest.json", Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`));
  const all = new Map([...(page ? await readPage(own) : []), ...own]);
  await writeAll(all, folder);
  return { files: [...all.keys()].map((path) => join(folder, path)) };
}

/** The graphs and their weights, by path. */
function modelFiles(model: TrainedModel, dtype: "float16" | "float32", refinement?: Refinement) {
  const { config } = model;
  const programs: Partial<Record<GraphName, OnnxProgram | RefinedOnnxProgram>> = {
    sampler: samplerProgram(config, false),
    ...(config.model.classes > 0 && { guided: samplerProgram(config, true) }),
    ...(refinement && {
      velocity: velocityProgram(config, refinement),
      "flow-end": flowEndProgram(config, refinement),
    }),
    encoder: encoderProgram(config),
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
  return {
    files,
    weights: webFile(path, files.get(path)!),
    graphs: Object.fromEntries(graphs) as WebManifest["graphs"],
  };
}

function describe(
  { config, data, step }: TrainedModel,
  {
    run = "runs/model",
    name = run
      .replace(/^pretrained:/, "")
      .split(/[\\/]/)
      .at(-1)!,
    groupKlNats,
    refinement,
    shown = usualSettings(config.model),
  }: ExportWebOptions,
): WebModelInfo {
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
    name,
    run: /^\w{2,}:/.test(run) ? run : `runs/${name}`, // one that ships or lies on a hub; C:\runs is a path
    config: model,
    outputNoise: shownAs(objective, "mean") === "sample" ? { kind, channels } : null,
    classes: model.classes > 0 ? data.classes : [],
    classCounts: model.classes > 0 ? data.classCounts : [],
    step,
    parameters: countParameters(parameterSpecs(config)),
    groups: all.map(({ index }) => ({ share: shares?.[index] ?? null, klNats: groupKlNats?.[index] ?? null })),
    refinement: refinement ? { groups: refinement.groups, steps: refinement.steps, shown } : null,
  };
}

/** Files that an earlier export may have left. */
const FORMER = [
  "model/guided.onnx",
  "model/velocity.onnx",
  "model/flow-end.onnx",
  "model/weights.f16.bin",
  "model/weights.f32.bin",
];

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
