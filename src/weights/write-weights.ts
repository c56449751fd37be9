/** @file A model's parameters as named tensors, in our names or the authors', and in files that other programs read. */
import { UserError } from "../errors.js";
import type { ParameterTree, TrainedModel } from "../inference/trained-model.js";
import { writeFileAtomic } from "../io/files/atomic-file.js";
import { safetensorsPieces } from "../io/tensors/safetensors.js";
import { floatTensor, type Tensor } from "../io/tensors/tensor.js";
import { torchFilePieces } from "../io/torch/torch-writer.js";
import { parameterEntries } from "../model/index.js";
import { type Model, namings } from "./namings.js";

/** Whose names tensors bear. */
export type Naming = "ours" | "authors";

/**
 * Parameters as tensors, which share their memory, in the authors' order.
 *
 * @throws UserError when the names are to be the authors', and their program has no such model
 */
export function toStateDictionary(parameters: ParameterTree, config: Model, naming: Naming): Map<string, Tensor> {
  const elements = new Map(parameterEntries(parameters));
  const named = namings(config).find(({ whose }) => whose === naming);
  if (!named) {
    throw new UserError(
      "wrong-model",
      "Weights for the authors' program: expected a model that it can build, got one with learned positions " +
        "(model.positions), which it has not.",
      { advice: "Write them under our names: as safetensors." },
    );
  }
  return new Map(named.parameters.map(({ path, name, shape }) => [name, floatTensor(elements.get(path)!, shape)]));
}

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
