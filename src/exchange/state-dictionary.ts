/** @file A model's parameters as named tensors: in our names or the authors', in the authors' order. */
import type { Config } from "../config/index.js";
import { floatTensor, type Tensor } from "../formats/tensor.js";
import { type ParameterTree, parameterSpecs } from "../generation/trained-model.js";
import { mapParameters, parameterEntries } from "../model/index.js";
import { type NamedParameter, parametersInAuthorsOrder } from "./authors-order.js";
import { matchTensors, realNumbers } from "./match-tensors.js";

/** Whose names tensors bear. */
export type Naming = "ours" | "authors";

/** Tensors by name. */
export type StateDictionary = ReadonlyMap<string, Tensor>;

/** What decides which parameters a model has. */
type Model = Pick<Config, "model" | "objective">;

/** What PyTorch's wrapper for several devices puts before every name. */
const WRAPPER = "module.";

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

/**
 * The parameters that a dictionary holds, in our names or the authors', whichever fits better.
 *
 * @param where - the file, for the message
 * @throws UserError unless there is exactly one tensor of real numbers and of the right shape for every parameter; all that is
 *   wrong stands in one message
 */
export function fromStateDictionary(tensors: StateDictionary, config: Model, where: string): ParameterTree {
  const byName = unwrapped(tensors);
  const parameters = parametersInAuthorsOrder(config);
  const naming = namingOf(byName, parameters);
  matchTensors(
    byName,
    parameters.map((parameter) => ({ name: nameIn(naming, parameter), shape: parameter.shape })),
    where,
  );
  const names = new Map(parameters.map((parameter) => [parameter.path, nameIn(naming, parameter)]));
  return mapParameters(parameterSpecs(config), (_, path) => realNumbers(byName.get(names.get(path)!)!));
}

const nameIn = (naming: Naming, { path, name }: NamedParameter): string => (naming === "ours" ? path : name);

/** Whose names more of the tensors bear; the authors' where none is known. */
function namingOf(tensors: StateDictionary, parameters: readonly NamedParameter[]): Naming {
  const known = (naming: Naming) => parameters.filter((parameter) => tensors.has(nameIn(naming, parameter))).length;
  return known("ours") > known("authors") ? "ours" : "authors";
}

function unwrapped(tensors: StateDictionary): StateDictionary {
  const names = [...tensors.keys()];
  if (names.length === 0 || !names.every((name) => name.startsWith(WRAPPER))) return tensors;
  return new Map([...tensors].map(([name, tensor]) => [name.slice(WRAPPER.length), tensor]));
}
