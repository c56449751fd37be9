/**
 * @file Functions that the engine runs as operations of its own, not as what they are made of.
 *
 * Each is a jitted function whose name starts with `strata.`: tracing leaves a call by that name, and the engine writes its
 * operation in place of the body. Elsewhere, in jax-js alone, the body is what runs. Functions of a caller's own, whatever
 * their names, are inlined.
 *
 * jax-js splits a differentiated function in two and names the halves itself: `NAME_jvp_peval` gives the result, then what the
 * backward half needs; `NAME_jvp_resid_t` takes those values and the cotangent.
 */
import { jit, numpy as np } from "@jax-js/jax";
import type { Emit } from "./graph/builder.js";
import { type Atom, Literal } from "./graph/graph.js";
import { encrypt, type WordArithmetic } from "./threefry.js";

const PREFIX = "strata.";

/** `fn` under `jit`, by the name under which the engine knows it. */
function primitive<Args extends unknown[]>(
  name: string,
  fn: (...args: Args) => np.Array,
  options?: { staticArgnums: number[] },
): (...args: Args) => np.Array {
  Object.defineProperty(fn, "name", { value: PREFIX + name });
  return jit(fn as never, options) as unknown as (...args: Args) => np.Array;
}

/** exp of more than this overflows float32. */
const LARGEST_EXPONENT = 80;

/** Odd coefficients 1, 1/3, 1/5, … of artanh: enough of them for float32 on [0, 1/3]. */
const ARTANH = [1, 3, 5, 7, 9, 11, 13, 15].map((power) => 1 / power);

/** 2 artanh(s) = ln((1 + s) / (1 − s)) for s in [0, 1/3], to float32 accuracy. Consumes s. */
export function twiceArtanh(s: np.Array): np.Array {
  const square = np.square(s.ref);
  let series = square.ref.mul(ARTANH[ARTANH.length - 1]).add(ARTANH[ARTANH.length - 2]);
  for (let i = ARTANH.length - 3; i >= 0; i--) series = series.mul(square.ref).add(ARTANH[i]);
  square.dispose();
  return s.mul(series).mul(2);
}

/** 1 / (1 + e^{−x}), constant below −80. Consumes x. */
const logistic = (x: np.Array): np.Array => np.reciprocal(np.exp(np.minimum(x.neg(), LARGEST_EXPONENT)).add(1));

/**
 * σ(x) = 1 / (1 + e^{−x}), finite with its gradient for every finite input, where jax-js's own overflows beyond ±88.
 * Consumes x, any shape.
 */
export const sigmoid = primitive("sigmoid", (x: np.Array) => logistic(x));

/** swish(x) = x σ(x), finite with its gradient for every finite input. Consumes x, any shape. */
export const swish = primitive("swish", (x: np.Array) => x.ref.mul(logistic(x)));

/**
 * softplus(x) = ln(1 + e^x) = m + ln(1 + u) with m = max(x, 0) and u = e^{−|x|} = e^{x − 2m}, to float32 accuracy in both
 * tails: ln(1 + u) = 2 artanh(u / (2 + u)), since a plain logarithm of 1 + u would lose every u below 6e-8.
 * Consumes x, any shape.
 */
export const softplus = primitive("softplus", (x: np.Array) => {
  const positive = np.maximum(x.ref, 0);
  const u = np.exp(x.sub(positive.ref.mul(2)));
  return positive.add(twiceArtanh(u.ref.div(u.add(2))));
});

/** x itself, kept for the backward pass when blocks are rematerialised. Consumes x. */
export const checkpoint = primitive("checkpoint", (x: np.Array) => x);

/**
 * All elements of an image [N, C, H, W] in the order in which the machine keeps images: what is kept from run to run and only
 * computed with in between, parameters above all, need not lie in memory as its shape says. Consumes it.
 */
export const toStorage = primitive("toStorage", (image: np.Array) => image.flatten());

/** The image of this shape that `toStorage` made flat. Consumes it. */
export const fromStorage = primitive("fromStorage", (flat: np.Array, shape: number[]) => flat.reshape(shape), {
  staticArgnums: [1],
});

/** x itself, computed once, where a device might compute it for each use, and round differently there. Consumes x. */
export const materialise = primitive("materialise", (x: np.Array) => x);

const constantWord = (value: number): np.Array => np.array(value, { dtype: np.int32 });

/** int32 as words. Borrows its operands. */
const words: WordArithmetic<np.Array> = {
  word: constantWord,
  add: (x, y) => x.ref.add(y.ref),
  xor: (x, y) => np.bitwiseXor(x.ref, y.ref),
  rotate: (x, bits) => {
    const right = np.rightShift(x.ref, constantWord(32 - bits)); // brings in the sign
    const low = np.bitwiseAnd(right, constantWord(2 ** bits - 1));
    return np.bitwiseOr(np.leftShift(x.ref, constantWord(bits)), low);
  },
};

/**
 * Random words: the counters [h, l], [h, l + 1], … encrypted under each key by threefry-2x32. Consumes its arrays.
 *
 * @param keys - int32 [N, 2]
 * @param start - the first counter, int32 [2]
 * @param count - of counters
 * @returns int32 [N, count, 2]
 */
export const threefry = primitive(
  "threefry",
  (keys: np.Array, start: np.Array, count: number) => {
    const [k0, k1] = np.split(keys, 2, 1);
    const [high, low] = np.split(start, 2, 0);
    const numbers = np.arange(count, undefined, undefined, { dtype: np.int32 });
    const counters = [high.add(np.zerosLike(numbers.ref)), low.add(numbers)] as const; // [count]
    const encrypted = encrypt(words, [k0, k1], counters);
    return np.stack([...encrypted], 2);
  },
  { staticArgnums: [2] },
);

/** What a primitive is in a graph. */
interface Rule {
  /** @param shape - of the result */
  forward(inputs: readonly Atom[], shape: readonly number[], emit: Emit): Atom;
  /** cotangent · d forward(x) / dx; without it the body is differentiated. */
  backward?(x: Atom, cotangent: Atom, emit: Emit): Atom;
}

const sigma = (x: Atom, emit: Emit) => emit("sigmoid", [x], {})[0];
const product = (x: Atom, y: Atom, emit: Emit) => emit("mul", [x, y], {})[0];
const oneMinus = (x: Atom, emit: Emit) => emit("sub", [new Literal(1, [], x.dtype), x], {})[0];

/** Derivatives in terms of the function: three or four passes over memory, where the traced ones have nine. */
const rules: Record<string, Rule> = {
  sigmoid: {
    forward: ([x], _, emit) => sigma(x, emit),
    backward: (x, cotangent, emit) => {
      const s = sigma(x, emit);
      return product(cotangent, product(s, oneMinus(s, emit), emit), emit);
    },
  },
  swish: {
    forward: ([x], _, emit) => product(x, sigma(x, emit), emit),
    // y + σ (1 − y) with y = x σ(x)
    backward: (x, cotangent, emit) => {
      const y = product(x, sigma(x, emit), emit);
      const rest = product(sigma(x, emit), oneMinus(y, emit), emit);
      return product(cotangent, emit("add", [y, rest], {})[0], emit);
    },
  },
  softplus: {
    forward: ([x], _, emit) => emit("softplus", [x], {})[0],
    backward: (x, cotangent, emit) => product(cotangent, sigma(x, emit), emit),
  },
  checkpoint: { forward: ([x], _, emit) => emit("checkpoint", [x], {})[0] },
  toStorage: { forward: ([image], _, emit) => emit("toStorage", [image], {})[0] },
  fromStorage: { forward: ([flat], shape, emit) => emit("fromStorage", [flat], { shape })[0] },
  materialise: { forward: ([x], _, emit) => emit("recompute", [x], {})[0] },
  // the constants of its body come before its arguments
  threefry: { forward: (inputs, [, count], emit) => emit("threefry", inputs.slice(-2), { count })[0] },
};

type Half = "whole" | "forward" | "backward";

/** What each name in a trace calls. */
const calls = new Map<string, { name: string; half: Half }>(
  Object.keys(rules).flatMap((name) => [
    [`${PREFIX}${name}`, { name, half: "whole" }],
    [`${PREFIX}${name}_jvp_peval`, { name, half: "forward" }],
    [`${PREFIX}${name}_jvp_resid_t`, { name, half: "backward" }],
  ]),
);

/** Which primitive, of which argument, left a value behind for its backward half. */
export type Residuals = Map<Atom, Map<string, Atom>>;

/**
 * The results of calling the jitted function `name`: those of the primitive that it is, else those of `body`.
 *
 * @param shape - of the first result
 */
export function callPrimitive(
  name: string,
  inputs: readonly Atom[],
  shape: readonly number[],
  emit: Emit,
  body: () => Atom[],
  residuals: Residuals,
): Atom[] {
  const call = calls.get(name);
  if (!call) return body();
  const { forward, backward } = rules[call.name];
  switch (call.half) {
    case "whole": // a checkpoint that is not differentiated has no backward part to keep anything for
      return call.name === "checkpoint" ? body() : [forward(inputs, shape, emit)];
    case "forward": {
      if (!backward) return call.name === "checkpoint" ? [forward(inputs, shape, emit)] : body();
      const [, ...left] = body();
      for (const value of left) {
        const owners = residuals.get(value) ?? new Map<string, Atom>();
        residuals.set(value, owners.set(call.name, inputs[0]));
      }
      return [forward(inputs, shape, emit), ...left];
    }
    case "backward": {
      const argument = sharedArgument(call.name, inputs.slice(0, -1), residuals);
      return backward && argument ? [backward(argument, inputs.at(-1)!, emit)] : body();
    }
    default:
      return call.half satisfies never;
  }
}

/** The one argument that every residual came from. */
function sharedArgument(name: string, values: readonly Atom[], residuals: Residuals): Atom | undefined {
  const owners = values.map((value) => residuals.get(value)?.get(name));
  return owners.every((owner) => owner === owners[0]) ? owners[0] : undefined;
}
