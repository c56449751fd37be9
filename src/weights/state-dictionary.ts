/** @file A model's parameters as named tensors: in our names or the authors', in the authors' order. */
import type { ParameterTree } from "../inference/trained-model.js";
import { floatTensor, type Tensor } from "../io/tensors/tensor.js";
import { parameterEntries } from "../model/index.js";
import { type Model, namings } from "./namings.js";

/** Whose names tensors bear. */
export type Naming = "ours" | "authors";

/** Parameters as tensors, which share their memory, in the authors' order. */
export function toStateDictionary(parameters: ParameterTree, config: Model, naming: Naming): Map<string, Tensor> {
  const elements = new Map(parameterEntries(parameters));
  const named = namings(config).find(({ whose }) => whose === naming)!.parameters;
  return new Map(named.map(({ path, name, shape }) => [name, floatTensor(elements.get(path)!, shape)]));
}
