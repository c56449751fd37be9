/**
 * @file The authors' JAX checkpoints: files `.p`, pickles of a tree of parameters as Flax names and lays them out, with NumPy's
 * or JAX's arrays. What differs from ours, and from PyTorch's, is the order of axes alone; all channels are in the same order.
 *
 * Checked against files that JAX 0.10.2 and Flax 0.12.8 wrote of the authors' model with the golden weights, whose golden
 * outputs that model then gave; the files that the authors published could not be had, and are not yet checked.
 */
import type { Config } from "../config/index.js";
import { UserError } from "../errors.js";
import { jaxGlobals } from "../formats/jax-pickle.js";
import { NumpyArray } from "../formats/numpy-pickle.js";
import { unpickle } from "../formats/pickle.js";
import { shown } from "../formats/pickle-text.js";
import type { Tensor } from "../formats/tensor.js";
import { transpose } from "../formats/transpose.js";
import { type ParameterTree, parameterSpecs } from "../generation/trained-model.js";
import { mapParameters, parameterEntries } from "../model/index.js";
import { flaxNames } from "./flax-names.js";
import { matchTensors, realNumbers } from "./match-tensors.js";

type Refuse = (problem: string) => never;

/** Arrays in one tree: the largest published model has 1638. */
const MOST_ARRAYS = 10_000;

/** What may stand around the parameters, best first: the average of a training state, its parameters, all of a model's variables. */
const WRAPPERS = ["ema_params", "params"];

/** A table that the authors' model declares and never uses; Flax before 0.3.3 made it all the same. */
const UNUSED = "embed/embedding";

/**
 * The parameters that a pickle of the authors' JAX code holds.
 *
 * @param bytes - the file; borrowed, the parameters have memory of their own
 * @param where - its name, for messages
 * @throws UserError when it is no such pickle, asks for anything but arrays and plain data, or holds the parameters of another
 *   model: all that is missing, misshaped or unknown is then named in one message
 */
export function flaxParameters(
  bytes: Uint8Array,
  where: string,
  config: Pick<Config, "model" | "objective">,
): ParameterTree {
  const refuse: Refuse = (problem) => {
    throw new UserError(`Expected parameters of Flax in ${where}, but ${problem}.`);
  };
  const arrays = arraysIn(unpickle(bytes, { where, globals: jaxGlobals }).value, refuse);
  const found = new Map([...arrays].map(([name, array]) => [name, { dtype: array.dtype(refuse), shape: array.shape }]));
  const specs = parameterSpecs(config);
  const names = flaxNames(config.model);
  const wanted = new Map(
    parameterEntries(specs).map(([path, { shape }]) => [path, layoutOf(names.get(path)!, shape)] as const),
  );
  matchTensors(found, [...wanted.values()], where);
  return mapParameters(specs, (_, path) => {
    const { name, shape, axes } = wanted.get(path)!;
    return realNumbers(reordered(arrays.get(name)!.tensor(refuse), shape, axes));
  });
}

/** Arrays by path, of the tree inside of what stands around it. */
function arraysIn(value: unknown, refuse: Refuse): Map<string, NumpyArray> {
  let root = value;
  for (const key of WRAPPERS) if (root instanceof Map && root.has(key)) root = root.get(key);
  const arrays = new Map<string, NumpyArray>();
  const collect = (node: unknown, path: string): void => {
    if (node instanceof NumpyArray) {
      if (arrays.size === MOST_ARRAYS) refuse(`it has more than ${MOST_ARRAYS} arrays`);
      arrays.set(path, node);
    } else if (node instanceof Map) {
      for (const [key, child] of node) {
        if (typeof key !== "string") refuse(`${shown(path || "its tree")} has ${shown(key)} for a name`);
        collect(child, path ? `${path}/${key}` : key);
      }
    } else refuse(`${shown(path || "its tree")} is ${shown(node)}, neither an array nor a dictionary`);
  };
  collect(root, "");
  arrays.delete(UNUSED);
  return arrays;
}

/**
 * How Flax keeps a parameter of this shape: kernels of convolutions height × width × inputs × outputs, matrices of dense
 * layers inputs × outputs, images with the channels last.
 *
 * @returns its name and shape there, and for each of our axes which one of those it is
 */
function layoutOf(name: string, ours: readonly number[]) {
  const isKernel = name.endsWith("/kernel");
  const axes = isKernel ? (ours.length === 4 ? [3, 2, 0, 1] : [1, 0]) : ours.length === 4 ? [0, 3, 1, 2] : undefined;
  const shape = [...ours];
  axes?.forEach((axis, index) => {
    shape[axis] = ours[index];
  });
  return { name, shape, axes };
}

function reordered(tensor: Tensor, shape: readonly number[], axes: readonly number[] | undefined): Tensor {
  return { ...tensor, data: axes ? transpose(tensor.data, shape, axes) : tensor.data.slice() };
}
