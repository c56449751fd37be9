/**
 * @file What the authors' PyTorch code saves: the state dictionary of a model, or of a whole training with `model`,
 * `optimizer` (of `torch.optim.Adamax`), `ema_parameters` (a list in the model's order), `iterations` and `skips`.
 */
import type { Config } from "../config/index.js";
import { UserError } from "../errors.js";
import type { Tensor } from "../formats/tensor.js";
import { isTensor } from "../formats/torch-file.js";
import type { Counters } from "../training/counters.js";
import type { SavedWeights } from "../training/save-model.js";
import { parametersInAuthorsOrder } from "./authors-order.js";
import { fromStateDictionary, type StateDictionary } from "./state-dictionary.js";

/** Weights, as much more of a training state as there is, and how far it had come. */
export interface ForeignWeights extends SavedWeights {
  counters?: Counters;
}

type Dictionary = ReadonlyMap<unknown, unknown>;

/**
 * Weights and state from the value of a checkpoint.
 *
 * @param where - the file, for messages
 * @throws UserError when it is built otherwise, or holds the parameters of another model
 */
export function fromAuthorsCheckpoint(value: unknown, config: Config, where: string): ForeignWeights {
  if (isStateDictionary(value)) return { ema: fromStateDictionary(value, config, where) };
  const model = value instanceof Map ? value.get("model") : undefined;
  if (!(value instanceof Map) || !isStateDictionary(model)) {
    throw new UserError(
      `Expected a state dictionary in ${where}, or a training checkpoint with one as its "model", got ${described(value)}. ` +
        "Save the model's state_dict().",
    );
  }
  const parameters = fromStateDictionary(model, config, `${where} (model)`);
  const tree = (list: readonly unknown[], name: string) =>
    fromStateDictionary(inOrder(list, config, `${where} (${name})`), config, `${where} (${name})`);
  const average = value.get("ema_parameters") ?? undefined; // None where training kept no average
  if (average !== undefined && !Array.isArray(average)) {
    throw new UserError(`Expected a list of tensors as ema_parameters of ${where}, got ${described(average)}.`);
  }
  const moments = momentsOf(value.get("optimizer"));
  return {
    parameters,
    ema: average === undefined ? parameters : tree(average, "ema_parameters"),
    ...(moments && {
      moments: {
        firstMoment: tree(
          moments.map((state) => state.get("exp_avg")),
          "exp_avg of the optimizer",
        ),
        infinityNorm: tree(
          moments.map((state) => state.get("exp_inf")),
          "exp_inf of the optimizer",
        ),
      },
    }),
    counters: countersOf(value, config),
  };
}

/** Whether it is a dictionary of nothing but tensors, by name. */
const isStateDictionary = (value: unknown): value is StateDictionary =>
  value instanceof Map &&
  value.size > 0 &&
  [...value].every(([name, tensor]) => typeof name === "string" && isTensor(tensor));

/** A list of tensors by the names of the parameters that they stand for. */
function inOrder(list: readonly unknown[], config: Config, where: string): StateDictionary {
  const names = parametersInAuthorsOrder(config).map(({ name }) => name);
  if (list.length !== names.length || !list.every(isTensor)) {
    throw new UserError(
      `Expected ${names.length} tensors in ${where}, one for each parameter, got ${described(list)}.`,
    );
  }
  return new Map(names.map((name, index) => [name, list[index] as Tensor]));
}

/** The optimizer's state of every parameter, in order; undefined where it has made no step, or is no Adamax. */
function momentsOf(optimizer: unknown): Dictionary[] | undefined {
  const [state, groups] = optimizer instanceof Map ? [optimizer.get("state"), optimizer.get("param_groups")] : [];
  if (!(state instanceof Map) || !Array.isArray(groups)) return undefined;
  const indices = groups.flatMap((group): unknown[] => (group instanceof Map ? (group.get("params") ?? []) : []));
  const states = indices.map((index): unknown => state.get(index));
  const isAdamax = (one: unknown): one is Dictionary =>
    one instanceof Map && isTensor(one.get("exp_avg")) && isTensor(one.get("exp_inf"));
  return states.length > 0 && states.every(isAdamax) ? states : undefined;
}

/** Their iterations are updates; a batch that was skipped is none. */
function countersOf(checkpoint: Dictionary, { training }: Config): Counters {
  const [updates, skips] = [count(checkpoint.get("iterations")), count(checkpoint.get("skips"))];
  const step = updates + skips;
  return { step, images: step * training.batchSize, updates, skips, consecutiveSkips: 0 };
}

/** A whole number, plain or in a tensor; 0 where there is none. */
function count(value: unknown): number {
  const number = Number(isTensor(value) ? value.data[0] : (value ?? 0));
  return Number.isSafeInteger(number) && number >= 0 ? number : 0;
}

function described(value: unknown): string {
  if (isTensor(value)) return `one tensor [${value.shape.join(", ")}]`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (!(value instanceof Map)) return value === null ? "None" : `a ${typeof value}`;
  const keys = [...value.keys()].slice(0, 5).map((key) => JSON.stringify(String(key).slice(0, 40)));
  return `a dictionary of ${value.size} (${keys.join(", ")}${value.size > 5 ? ", …" : ""})`;
}
