/** @file Weights to files that other programs read. */

import type { TrainedModel } from "../inference/trained-model.js";
import { writeFileAtomic } from "../io/files/atomic-file.js";
import { safetensorsPieces } from "../io/tensors/safetensors.js";
import { torchFilePieces } from "../io/torch/torch-writer.js";
import { type Naming, toStateDictionary } from "./state-dictionary.js";

/**
 * Writes a model's weights as safetensors; the configuration, the classes' names and the step stand in the metadata.
 *
 * @throws UserError when the file cannot be written; what was there before is untouched
 */
export function writeSafetensors(model: TrainedModel, path: string, naming: Naming): Promise<void> {
  const { config, step, data, parameters } = model;
  const metadata = { config: JSON.stringify(config), classes: JSON.stringify(data.classes), step: `${step}` };
  return writeFileAtomic(path, safetensorsPieces(toStateDictionary(parameters, config, naming), metadata));
}

/**
 * Writes a model's weights as the authors' code saves them: what `torch.load` gives is what their `load_state_dict` takes.
 *
 * @throws UserError when the file cannot be written; what was there before is untouched
 */
export function writeTorch({ config, parameters }: TrainedModel, path: string): Promise<void> {
  return writeFileAtomic(path, torchFilePieces(toStateDictionary(parameters, config, "authors")));
}
