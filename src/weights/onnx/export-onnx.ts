/** @file A trained model as ONNX files that other programs run: samplers, encoder, reconstructor. */
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../../config/index.js";
import { portableModel } from "../../engine/portable.js";
import { parameterSpecs, type TrainedModel } from "../../inference/trained-model.js";
import { makeFolderSynced, writeFileAtomic } from "../../io/files/atomic-file.js";
import { groups } from "../../model/index.js";
import { usedSpecs } from "../../refinement/flow-state.js";
import { partsOf, type Refinement } from "../../refinement/refinement.js";
import { version } from "../../version.js";
import { encoderProgram, reconstructorProgram } from "./encoder.js";
import { type OnnxProgram, portSpecs, type RefinedOnnxProgram } from "./ports.js";
import { refinedSamplerProgram } from "./refined-sampler.js";
import { samplerProgram } from "./sampler.js";

/**
 * Of what the files take and give. 2 (0.1.0): guidance weights are those of every image, [N, L] in place of [L]; the
 * reconstructor takes `allotted_nats`. Files of before name no version.
 */
const FORMAT_VERSION = "2";

/** Names of all files that an export may have left. */
const FILES = ["sampler.onnx", "guided-sampler.onnx", "refined-sampler.onnx", "encoder.onnx", "reconstructor.onnx"];

/** The files that are made of a model, and of its refinement where it has one; only one with classes can be guided. */
export function onnxPrograms(
  config: Pick<Config, "model" | "objective">,
  refinement?: Refinement,
): (OnnxProgram | RefinedOnnxProgram)[] {
  return [
    samplerProgram(config, false),
    ...(config.model.classes > 0 ? [samplerProgram(config, true)] : []),
    ...(refinement ? [refinedSamplerProgram(config, refinement)] : []),
    encoderProgram(config),
    reconstructorProgram(config),
  ];
}

/** What {@link exportOnnx} writes beside the model. */
export interface ExportOnnxOptions {
  /** Its refinement: a sampler with it is written too, with as many steps as it has. */
  refinement?: Refinement;
}

/**
 * Writes a model as ONNX files into a folder: for any batch size, with weights and metadata inside. See docs/onnx.md. They
 * appear when all are written, in place of those of an earlier export.
 *
 * @returns paths of the files
 * @throws UserError when the folder cannot be written
 */
export async function exportOnnx(
  model: TrainedModel,
  folder: string,
  { refinement }: ExportOnnxOptions = {},
): Promise<{ files: string[] }> {
  const programs = onnxPrograms(model.config, refinement);
  const unfinished = join(folder, `.writing-${process.pid}`);
  await makeFolderSynced(unfinished);
  try {
    for (const program of programs) await writeFileAtomic(join(unfinished, program.file), onnxFile(model, program));
    for (const { file } of programs) await rename(join(unfinished, file), join(folder, file));
    const names = programs.map(({ file }) => file);
    for (const former of FILES.filter((file) => !names.includes(file))) await rm(join(folder, former), { force: true });
    return { files: names.map((name) => join(folder, name)) };
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** One of a model's files, as bytes. */
export function onnxFile(model: TrainedModel, program: OnnxProgram | RefinedOnnxProgram): Uint8Array {
  const about = { description: program.description, metadata: metadata(model, program) };
  const inputs = (batch: number) => portSpecs(program.inputs, batch);
  const ofModel = { specs: parameterSpecs(model.config), data: model.parameters };
  if (!("refinement" in program)) return portableModel({ fn: program.fn, weights: ofModel, inputs }, about);
  const { refined, flow } = partsOf(program.refinement);
  const { network, normalisation } = flow;
  const weights = {
    specs: { model: ofModel.specs, refinement: usedSpecs(refined) },
    data: { model: ofModel.data, refinement: { network, normalisation } },
  };
  return portableModel({ fn: program.fn, weights, inputs }, about);
}

/** What programs may want to know of a model, as text; all but names and numbers as JSON. */
function metadata(
  { config, data, step }: TrainedModel,
  program: Pick<OnnxProgram, "inputs" | "outputs">,
): Record<string, string> {
  return {
    producer_version: version,
    format_version: FORMAT_VERSION,
    config: JSON.stringify(config),
    training_steps: String(step),
    resolution: String(config.model.resolution),
    classes: JSON.stringify(config.model.classes > 0 ? data.classes : []),
    noise_shapes: JSON.stringify(groups(config.model).map(({ shape }) => shape)),
    inputs: JSON.stringify(program.inputs),
    outputs: JSON.stringify(program.outputs),
  };
}
