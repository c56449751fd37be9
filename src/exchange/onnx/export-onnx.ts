/** @file A trained model as ONNX files that other programs run: samplers, encoder, reconstructor. */
import { join } from "node:path";
import type { Config } from "../../config/index.js";
import { portableModel, type Spec, type Tree, type TypedArray } from "../../engine/index.js";
import { makeFolderSynced, writeFileAtomic } from "../../formats/atomic-file.js";
import { parameterSpecs, type TrainedModel } from "../../generation/trained-model.js";
import { groups } from "../../model/index.js";
import { version } from "../../version.js";
import { encoderProgram, reconstructorProgram } from "./encoder.js";
import { type OnnxProgram, portSpecs } from "./ports.js";
import { samplerProgram } from "./sampler.js";

/** The files that are made of a model; only one with classes can be guided. */
export function onnxPrograms(config: Pick<Config, "model" | "objective">): OnnxProgram[] {
  return [
    samplerProgram(config, false),
    ...(config.model.classes > 0 ? [samplerProgram(config, true)] : []),
    encoderProgram(config),
    reconstructorProgram(config),
  ];
}

/**
 * Writes a model as ONNX files into a folder: for any batch size, with weights and metadata inside. See docs/onnx.md.
 *
 * @returns paths of the files
 * @throws UserError when the folder cannot be written
 */
export async function exportOnnx(model: TrainedModel, folder: string): Promise<{ files: string[] }> {
  await makeFolderSynced(folder);
  const files: string[] = [];
  for (const program of onnxPrograms(model.config)) {
    const path = join(folder, program.file);
    await writeFileAtomic(path, onnxFile(model, program));
    files.push(path);
  }
  return { files };
}

/** One of a model's files, as bytes. */
export function onnxFile(model: TrainedModel, program: OnnxProgram): Uint8Array {
  const { fn, inputs, description } = program;
  return portableModel(
    {
      fn,
      weights: { specs: parameterSpecs(model.config) as Tree<Spec>, data: model.parameters as Tree<TypedArray> },
      inputs: (batch) => portSpecs(inputs, batch),
    },
    { description, metadata: metadata(model, program) },
  );
}

/** What programs may want to know of a model, as text; all but names and numbers as JSON. */
function metadata({ config, data, step }: TrainedModel, program: OnnxProgram): Record<string, string> {
  return {
    producer_version: version,
    config: JSON.stringify(config),
    training_steps: String(step),
    resolution: String(config.model.resolution),
    classes: JSON.stringify(config.model.classes > 0 ? data.classes : []),
    noise_shapes: JSON.stringify(groups(config.model).map(({ shape }) => shape)),
    inputs: JSON.stringify(program.inputs),
    outputs: JSON.stringify(program.outputs),
  };
}
