/** @file A model's parameters as named tensors: in our names or the authors', in the authors' order. */

import type { ParameterTree } from "../inference/trained-model.js";
import { floatTensor, type Tensor } from "../io/tensors/tensor.js";
import { parameterEntries } from "../model/index.js";
import { type NamedParameter, parametersInAuthorsOrder } from "./authors-order.js";
import type { Model } from "./namings.js";

/** Whose names tensors bear. */
export type Naming = "ours" | "authors";

/** Parameters as tensors, which share their memory; in the authors' names they are in the authors' order. */
export function toStateDictionary(parameters: ParameterTree, config: Model, naming: Naming): Map<string, Tensor> {
  const elements = new Map(parameterEntries(parameters));
  return new Map(
    parametersInAuthorsOrder(config).map((parameter) => [
      nameIn(naming, parameter),
      floatTensor(elements.get(parameter.path)!, parameter.shape),
    ]),
  );
}

const nameIn = (naming: Naming, { path, name }: NamedParameter): string => (naming === "ours" ? path : name);
