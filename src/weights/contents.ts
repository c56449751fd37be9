/** @file What a file of weights holds, whatever its kind: every tensor by its path, lists of tensors, and what is neither. */
import { UserError } from "../errors.js";
import { NumpyArray } from "../io/python/array-pickle.js";
import { shown } from "../io/python/pickle-text.js";
import { nameOf, PythonName, PythonObject } from "../io/python/python-objects.js";
import type { ElementType, Tensor } from "../io/tensors/tensor.js";
import { isTensor } from "../io/torch/torch-file.js";
import { UnreadTensor } from "../io/torch/torch-pickle.js";

/** A tensor at a path. */
export interface Leaf {
  /** Keys of the dictionaries and positions in the lists that lead to it. */
  keys: string[];
  /** The same with names like "encoder.in_proj.weight" or "encoder/Conv_0/kernel" taken apart. */
  pieces: string[];
  /** Its type, or what kind of tensor it is that cannot be read: "sparse". */
  dtype: ElementType | string;
  shape: number[];
  /** Its elements; absent where they cannot be read. */
  read?: () => Tensor;
}

/** A list of nothing but tensors. */
export interface LeafList {
  keys: string[];
  pieces: string[];
  leaves: Leaf[];
}

/** The state of an optimizer as PyTorch saves it. */
interface OptimizerState {
  keys: string[];
  /** What is kept of each parameter, in the order of the parameters. */
  states: unknown[];
}

export interface Contents {
  /** What the whole is: "a dictionary of 3 ("model", "optimizer", "step")". */
  root: string;
  /** All tensors, those of lists too. */
  leaves: Leaf[];
  lists: LeafList[];
  optimizers: OptimizerState[];
  /** Objects of Python's classes that were not made. */
  objects: { keys: string[]; value: PythonObject | PythonName }[];
  /** Single numbers, by their keys joined with dots. */
  numbers: Map<string, number>;
}

/** Tensors in one file: training checkpoints of the largest published model have 6,553. */
const MOST_LEAVES = 100_000;

/**
 * What a value holds.
 *
 * @param value - dictionaries as Maps, lists as arrays, tensors, and anything else
 * @param where - the file's name, for messages
 * @throws UserError when it has more tensors than any checkpoint
 */
export function contentsOf(value: unknown, where: string): Contents {
  const contents: Contents = {
    root: describeValue(value),
    leaves: [],
    lists: [],
    optimizers: [],
    objects: [],
    numbers: new Map(),
  };
  const refuse = (problem: string): never => {
    throw new UserError("unsupported-format", `Expected weights in ${where}, but ${problem}.`);
  };
  const leafAt = (node: unknown, keys: string[], pieces: string[]): Leaf | undefined => {
    if (isTensor(node)) return { keys, pieces, dtype: node.dtype, shape: node.shape, read: () => node };
    if (node instanceof UnreadTensor) return { keys, pieces, dtype: node.kind, shape: node.shape ?? [] };
    if (!(node instanceof NumpyArray)) return undefined;
    const { name, isKnown } = node.type;
    if (!isKnown) return { keys, pieces, dtype: name, shape: node.shape };
    return { keys, pieces, dtype: node.dtype(refuse), shape: node.shape, read: () => node.tensor(refuse) };
  };
  const visit = (node: unknown, keys: string[], pieces: string[]): void => {
    const leaf = leafAt(node, keys, pieces);
    if (leaf) {
      if (contents.leaves.push(leaf) > MOST_LEAVES) refuse(`it has more than ${MOST_LEAVES} tensors`);
      if (leaf.shape.length === 0 && leaf.read) addNumber(keys, () => Number(leaf.read!().data[0]));
    } else if (node instanceof Map) {
      const states = statesOf(node);
      if (states) contents.optimizers.push({ keys, states });
      for (const [key, child] of node) visit(child, [...keys, String(key)], [...pieces, ...piecesOf(key)]);
    } else if (Array.isArray(node)) {
      const before = contents.leaves.length;
      node.forEach((child, index) => {
        visit(child, [...keys, `${index}`], [...pieces, `${index}`]);
      });
      const leaves = contents.leaves.slice(before);
      const isList = leaves.length > 0 && leaves.length === node.length && node.every((child) => !isContainer(child));
      if (isList) contents.lists.push({ keys, pieces, leaves });
    } else if (node instanceof PythonObject || node instanceof PythonName) {
      contents.objects.push({ keys, value: node });
    } else addNumber(keys, () => (typeof node === "number" ? node : Number.NaN));
  };
  const addNumber = (keys: string[], read: () => number) => {
    const number = keys.length <= DEEPEST_NUMBER ? read() : Number.NaN;
    if (Number.isFinite(number)) contents.numbers.set(keys.join("."), number);
  };
  visit(value, [], []);
  return contents;
}

/** What a value is, for a message: its kind and some of its keys. */
function describeValue(value: unknown): string {
  if (isTensor(value)) return `one tensor [${value.shape.join(", ")}]`;
  if (value instanceof PythonObject || value instanceof PythonName) return `an object of ${nameOf(value)}`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (!(value instanceof Map)) return value === null ? "None" : `a ${typeof value}`;
  const keys = [...value.keys()].slice(0, 5).map((key) => shown(typeof key === "string" ? key.slice(0, 40) : key));
  return `a dictionary of ${value.size} (${keys.join(", ")}${value.size > 5 ? ", …" : ""})`;
}

/** Counters stand near the top of a checkpoint. */
const DEEPEST_NUMBER = 3;

const isContainer = (value: unknown) => Array.isArray(value) || value instanceof Map;

const piecesOf = (key: unknown): string[] => String(key).split(/[./]/);

/** The states of an optimizer's parameters, in their order, where this is the dictionary that PyTorch keeps them in. */
function statesOf(dictionary: ReadonlyMap<unknown, unknown>): unknown[] | undefined {
  const [state, groups] = [dictionary.get("state"), dictionary.get("param_groups")];
  if (!(state instanceof Map) || !Array.isArray(groups)) return undefined;
  const indices = groups.flatMap((group): unknown[] => (group instanceof Map ? (group.get("params") ?? []) : []));
  return indices.map((index): unknown => state.get(index));
}
