/** @file Weights for a model from a file of any kind that is known here. */
import type { Config } from "../config/index.js";
import { UserError } from "../errors.js";
import { type ParameterTree, parameterSpecs } from "../inference/trained-model.js";
import { type Flaws, flawsOf, listFlaws } from "../io/tensors/flaws.js";
import { float32Elements, type Tensor, transpose } from "../io/tensors/tensor.js";
import { mapParameters } from "../model/index.js";
import type { Counters } from "../training/run/counters.js";
import type { SavedWeights } from "../training/run/save-model.js";
import { chooseTensors, describeChoice, tensorsOption } from "./choose-tensors.js";
import { type Contents, contentsOf } from "./contents.js";
import { namings } from "./namings.js";
import { groupOfList, type TensorGroup } from "./tensor-groups.js";
import { countersIn, listedMoments } from "./training-state.js";
import { openWeightsFile } from "./weights-file.js";

/** Weights, as much more of a training state as there is, and how far it had come. */
export interface ForeignWeights extends SavedWeights {
  counters?: Counters;
  /** What was taken and what was not, in sentences for the user. */
  notes: string[];
}

/** Which tensors {@link readWeights} takes, and what it tells. */
export interface ReadWeightsOptions {
  /** What stands before the names of the tensors to take: of the weights, and of their average. Default: inferred from the names. */
  tensors?: readonly string[];
}

/**
 * The weights in a file for a model of this configuration, and what more of a training state the file holds.
 *
 * @returns also the name of the kind of file
 * @throws UserError when the file is of no known kind, is damaged, holds the weights of another model, or weights with values
 *   that are no numbers; and when it is not clear which tensors are meant
 */
export async function readWeights(
  path: string,
  config: Config,
  options: ReadWeightsOptions = {},
): Promise<ForeignWeights & { format: string }> {
  const { format, value } = await openWeightsFile(path);
  const { isFlax, ...weights } = weightsFrom(value, config, path, options);
  return { format: format === "pickle" && isFlax ? "JAX" : format, ...weights };
}

/**
 * The weights in what a file holds.
 *
 * @param where - the file, for messages
 * @throws UserError as `readWeights`
 */
export function weightsFrom(
  value: unknown,
  config: Config,
  where: string,
  { tensors }: ReadWeightsOptions = {},
): ForeignWeights & { isFlax: boolean } {
  const contents = contentsOf(value, where);
  const choice = chooseTensors(contents, config, where, tensors);
  const { weights, average } = choice;
  const notes: string[] = [];
  const raw = weights && treeOf(weights, config);
  const ema = average && treeOf(average, config);
  const main = ema ?? raw!;
  if (main.flawed.length > 0)
    throw flawedError(main.flawed, where, ema && raw?.flawed.length === 0 ? weights!.label : undefined);
  const counters = countersIn(contents, config);
  const isTraining = counters !== undefined || contents.optimizers.length > 0;
  const kept = raw?.flawed.length === 0 && (ema || isTraining) ? raw.tree : undefined;
  if (ema && raw && !kept) {
    notes.push(`Left out the weights without averaging, which no image can be made with: ${listFlaws(raw.flawed)}.`);
  }
  const moments = kept && momentsIn(contents, config, notes);
  const unused = choice.unused.filter(({ keys }) => !moments?.keys.every((key, index) => keys[index] === key));
  return {
    ema: main.tree,
    ...(kept && { parameters: kept }),
    ...(moments && { moments: moments.trees }),
    ...(counters && { counters }),
    notes: [...describeChoice({ ...choice, unused }, contents.objects), ...notes],
    isFlax: (weights ?? average)!.naming.whose === "Flax",
  };
}

type Flawed = [name: string, flaws: Flaws][];

/** The parameters of a group in our order of axes, and which of them no network can compute with. */
function treeOf({ naming, found }: TensorGroup, config: Config): { tree: ParameterTree; flawed: Flawed } {
  const byPath = new Map(naming.parameters.map((parameter) => [parameter.path, parameter]));
  const flawed: Flawed = [];
  const tree = mapParameters(parameterSpecs(config), (_, path) => {
    const { name, shape, axes } = byPath.get(path)!;
    const tensor = found.get(path)!.read!();
    const flaws = flawsOf(tensor);
    if (flaws) flawed.push([name, flaws]);
    const data = axes
      ? transpose(tensor.data, shape, axes)
      : naming.whose === "Flax"
        ? tensor.data.slice()
        : tensor.data;
    return realNumbers({ ...tensor, data });
  });
  return { tree, flawed };
}

/** The elements of a tensor of real numbers as float32; no copy of float32 itself. */
const realNumbers = (tensor: Tensor): Float32Array =>
  float32Elements(tensor) ?? Float32Array.from(tensor.data as Float64Array);

function flawedError(flawed: Flawed, where: string, other: string | undefined): UserError {
  const advice =
    other === undefined
      ? "Take an earlier checkpoint."
      : `The weights beside this average are whole: ${tensorsOption([other])}.`;
  return new UserError(
    "invalid-values",
    `Expected weights that are numbers in ${where}, got ${flawed.length} ${flawed.length === 1 ? "tensor" : "tensors"} ` +
      `with values that no image can be made with: ${listFlaws(flawed)}. ${advice}`,
  );
}

/** Adamax's moments, where they are there and fit the weights, and the keys that lead to them. */
function momentsIn(contents: Contents, config: Config, notes: string[]) {
  const listed = listedMoments(contents);
  if (!listed) return undefined;
  if (config.optimizer.kind !== "adamax") {
    notes.push(`Left out the optimizer's state, which is Adamax's; the configuration has ${config.optimizer.kind}.`);
    return undefined;
  }
  const orders = [namings(config)[0]];
  const [first, norm] = [listed.firstMoment, listed.infinityNorm].map((list) => groupOfList(list, orders));
  if (!first || !norm) {
    notes.push("Left out the optimizer's state, which is of another model or in another order.");
    return undefined;
  }
  const [firstMoment, infinityNorm] = [treeOf(first, config), treeOf(norm, config)];
  const flawed = [...firstMoment.flawed, ...infinityNorm.flawed];
  if (flawed.length > 0) {
    notes.push(`Left out the optimizer's state, which is broken: ${listFlaws(flawed)}.`);
    return undefined;
  }
  return { keys: listed.keys, trees: { firstMoment: firstMoment.tree, infinityNorm: infinityNorm.tree } };
}
