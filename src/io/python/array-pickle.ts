/**
 * @file Arrays in pickles: NumPy's, with their scalars, as NumPy 1 and 2 and Python 2 and 3 write them; and JAX's, with
 * Flax's dictionaries. Nothing is copied while the pickle is read: an array's elements are asked for afterwards.
 */
import { isUint8Array } from "node:util/types";
import {
  type ElementType,
  elementBytes,
  elementCount,
  type Tensor,
  tensorFromBytes,
  transpose,
} from "../tensors/tensor.js";
import { type PickleFunction, type PickleGlobals, plainGlobals, type Stateful } from "./pickle.js";
import { shown } from "./pickle-text.js";
import { PythonName, PythonObject } from "./python-objects.js";

type Refuse = (problem: string) => never;

/** NumPy's names of types; `?` is bool's other one. */
const types = new Map<string, ElementType>([
  ["f2", "float16"],
  ["f4", "float32"],
  ["f8", "float64"],
  ["i4", "int32"],
  ["i8", "int64"],
  ["u1", "uint8"],
  ["b1", "bool"],
  ["bfloat16", "bfloat16"], // of the package ml_dtypes, which hands on its class: see `numpyGlobals`
]);

const MOST_DIMENSIONS = 64; // NumPy's own limit

class NumpyType implements Stateful {
  #order: unknown = "|";

  constructor(readonly code: string) {}

  /** (version, byte order, …): the rest is for types that are not read. */
  setState(state: unknown, refuse: Refuse): void {
    if (!Array.isArray(state)) refuse("a NumPy type has no state");
    this.#order = state[1];
  }

  /** Whether elements of this type can be read. */
  get isKnown(): boolean {
    return types.has(this.code) && this.#order !== ">";
  }

  get isObject(): boolean {
    return this.code === "O" || this.code === "O8";
  }

  elementType(refuse: Refuse): ElementType {
    const type = types.get(this.code);
    if (type === undefined) {
      return refuse(`an array has elements of type ${shown(this.code)}; known are ${[...types.keys()].join(", ")}`);
    }
    if (this.#order === ">") refuse("an array is big-endian; save it as this machine's own order");
    return type;
  }
}

/** An array of NumPy, in the memory of its pickle. */
export class NumpyArray implements Stateful {
  #shape: number[] = [];
  #type = new NumpyType("");
  #fortran = false;
  #elements: unknown;

  /** (version, shape, type, Fortran order, elements). */
  setState(state: unknown, refuse: Refuse): void {
    const [, shape, type, fortran, elements] = Array.isArray(state) ? state : [];
    if (!isShape(shape) || !(type instanceof NumpyType)) refuse("a NumPy array has no shape or no type");
    this.#shape = [...shape];
    this.#type = type;
    this.#fortran = fortran === true;
    this.#elements = elements;
  }

  get shape(): number[] {
    return [...this.#shape];
  }

  /** NumPy's name of the type of its elements, and whether they can be read as numbers. */
  get type(): { name: string; isKnown: boolean } {
    return { name: this.#type.code, isKnown: this.#type.isKnown };
  }

  /** @param refuse - throws, given what is wrong with the type */
  dtype(refuse: Refuse): ElementType {
    return this.#type.elementType(refuse);
  }

  /**
   * Its elements: numbers and the like when it holds Python's objects.
   *
   * @param refuse - throws, given what is wrong with the array
   */
  objects(refuse: Refuse): readonly unknown[] | undefined {
    if (!this.#type.isObject) return undefined;
    const list = this.#elements;
    if (!Array.isArray(list) || list.length !== elementCount(this.#shape) || this.#shape.length !== 1) {
      return refuse(`an array of objects is no list of shape [${this.#shape}]`);
    }
    return list;
  }

  /**
   * Its elements in row-major order, in the pickle's memory where they are so and aligned there.
   *
   * @param refuse - throws, given what is wrong with the array
   */
  tensor(refuse: Refuse): Tensor {
    const type = this.dtype(refuse);
    const bytes = bytesFrom(this.#elements);
    if (bytes === undefined) return refuse("an array has no elements");
    const needed = elementCount(this.#shape) * elementBytes(type);
    if (bytes.length !== needed)
      refuse(`an array has ${bytes.length} bytes, its shape [${this.#shape}] needs ${needed}`);
    const tensor = tensorFromBytes(type, this.#shape, bytes);
    if (!this.#fortran) return tensor;
    const axes = this.#shape.map((_, axis) => axis).reverse();
    return { ...tensor, data: transpose(tensor.data, [...this.#shape].reverse(), axes) };
  }
}

const isShape = (value: unknown): value is number[] =>
  Array.isArray(value) &&
  value.length <= MOST_DIMENSIONS &&
  value.every((size) => Number.isSafeInteger(size) && size >= 0);

/** Bytes; as text where Python 2 wrote a short string. */
function bytesFrom(value: unknown): Uint8Array<ArrayBuffer> | undefined {
  if (typeof value === "string") return new Uint8Array(Buffer.from(value, "latin1"));
  return isUint8Array(value) ? (value as Uint8Array<ArrayBuffer>) : undefined;
}

const makeType: PickleFunction = ([code], refuse) => {
  if (code instanceof PythonName) return new NumpyType(code.name);
  return typeof code === "string" ? new NumpyType(code === "?" ? "b1" : code) : refuse("a NumPy type has no name");
};

/** Protocol 5: (bytes, type, shape, order). */
const fromBuffer: PickleFunction = ([bytes, type, shape, order], refuse) => {
  const array = new NumpyArray();
  array.setState([1, shape, type, order === "F", bytes], refuse);
  return array;
};

/** A single number: (type, bytes). Texts, dates and the like are held as objects. */
const scalar: PickleFunction = ([type, bytes], refuse) => {
  if (!(type instanceof NumpyType)) return refuse("a NumPy scalar has no type");
  if (!type.isKnown) return new PythonObject(new PythonName("numpy", `scalar of type ${type.code}`), []);
  const array = new NumpyArray();
  array.setState([1, [], type, false, bytes], refuse);
  const value = array.tensor(refuse).data[0];
  return typeof value === "bigint" && Number.isSafeInteger(Number(value)) ? Number(value) : value;
};

const inCore = (module: string, name: string, value: PickleFunction): [string, PickleFunction][] => [
  [`numpy.core.${module} ${name}`, value], // NumPy 1
  [`numpy._core.${module} ${name}`, value], // NumPy 2
];

/** What pickles of NumPy's arrays ask for, beside `plainGlobals`. */
export const numpyGlobals: PickleGlobals = new Map<string, unknown>([
  ...plainGlobals,
  ["numpy ndarray", "numpy ndarray"], // only handed on, to _reconstruct
  ["numpy dtype", makeType],
  ["ml_dtypes bfloat16", "bfloat16"], // only handed on, to dtype
  ...inCore("multiarray", "_reconstruct", () => new NumpyArray()),
  ...inCore("multiarray", "scalar", scalar),
  ...inCore("numeric", "_frombuffer", fromBuffer),
]);

const emptyArray = numpyGlobals.get("numpy._core.multiarray _reconstruct");

/**
 * A JAX array is written as the NumPy array that it is a copy of, and as what type inference knew of it, which is nothing to a
 * reader: (NumPy's `_reconstruct`, its arguments, the array's state, what was inferred). Before JAX 0.3.14 it was written as the
 * NumPy array alone.
 */
const jaxArray: PickleFunction = ([make, , state], refuse) => {
  if (make !== emptyArray) return refuse("a JAX array is made of no NumPy array");
  const array = new NumpyArray();
  array.setState(state, refuse);
  return array;
};

/** Flax writes one around the whole tree; the dictionaries inside are Python's. */
const frozenDictionary: PickleFunction = ([content], refuse) =>
  content instanceof Map ? content : refuse("a FrozenDict of Flax is made of no dictionary");

/** What pickles of Flax's parameters ask for, beside `numpyGlobals`; both arrays are `NumpyArray`. */
export const jaxGlobals: PickleGlobals = new Map<string, unknown>([
  ...numpyGlobals,
  ["jax._src.device_array reconstruct_device_array", jaxArray], // JAX 0.3.14 to 0.4.6
  ["jax.experimental.array _reconstruct_array", jaxArray], // 0.3.15 to 0.3.17, where asked for
  ["jax._src.array _reconstruct_array", jaxArray], // since 0.3.18
  ["flax.core.frozen_dict FrozenDict", frozenDictionary],
]);
