/**
 * @file Sigmoid, softplus and swish as operations of their own, forward and backward.
 *
 * A function under `jit` with one of these names, and of one argument, is taken to be that activation. When it has been
 * differentiated, jax-js names its forward part `NAME_jvp_peval` (result first, then whatever the backward part needs)
 * and its backward part `NAME_jvp_resid_t` (those values, then the cotangent): together they become the derivative
 * written out in terms of the activation, three or four passes over memory where the traced one has nine.
 */
import type { Emit } from "./builder.js";
import { type Atom, Literal } from "./graph.js";

interface Activation {
  forward(x: Atom, emit: Emit): Atom;
  /** cotangent · d forward(x) / dx */
  backward(x: Atom, cotangent: Atom, emit: Emit): Atom;
}

const sigmoid = (x: Atom, emit: Emit) => emit("sigmoid", [x], {})[0];
const mul = (x: Atom, y: Atom, emit: Emit) => emit("mul", [x, y], {})[0];
const oneMinus = (x: Atom, emit: Emit) => emit("sub", [new Literal(1, [], x.dtype), x], {})[0];

/** x σ(x); its derivative is y + σ (1 − y) with y = x σ(x). */
const swish: Activation = {
  forward: (x, emit) => mul(x, sigmoid(x, emit), emit),
  backward: (x, cotangent, emit) => {
    const y = swish.forward(x, emit);
    const rest = mul(sigmoid(x, emit), oneMinus(y, emit), emit);
    return mul(cotangent, emit("add", [y, rest], {})[0], emit);
  },
};

const activations: Record<string, Activation> = {
  swish,
  silu: swish,
  sigmoid: {
    forward: sigmoid,
    backward: (x, cotangent, emit) => {
      const s = sigmoid(x, emit);
      return mul(cotangent, mul(s, oneMinus(s, emit), emit), emit);
    },
  },
  softplus: {
    forward: (x, emit) => emit("softplus", [x], {})[0],
    backward: (x, cotangent, emit) => mul(cotangent, sigmoid(x, emit), emit),
  },
};

/** Which activation, of which argument, left a value behind for its backward part. */
export type Residuals = Map<Atom, Map<string, Atom>>;

/** The results of calling the jitted function `name`: those of the activation it stands for, else those of `body`. */
export function fusedCall(
  name: string,
  inputs: readonly Atom[],
  emit: Emit,
  body: () => Atom[],
  residuals: Residuals,
): Atom[] {
  const [, base, part] = /^(.*?)(_jvp_peval|_jvp_resid_t)?$/.exec(name)!;
  const activation = Object.hasOwn(activations, base) ? activations[base] : undefined;
  if (!activation) return body();
  if (part === undefined && inputs.length === 1) return [activation.forward(inputs[0], emit)];
  if (part === "_jvp_peval" && inputs.length === 1) {
    const [, ...left] = body();
    for (const value of left) {
      const owners = residuals.get(value) ?? new Map<string, Atom>();
      residuals.set(value, owners.set(base, inputs[0]));
    }
    return [activation.forward(inputs[0], emit), ...left];
  }
  if (part === "_jvp_resid_t" && inputs.length > 1) {
    const argument = sharedArgument(base, inputs.slice(0, -1), residuals);
    if (argument) return [activation.backward(argument, inputs.at(-1)!, emit)];
  }
  return body();
}

/** The one argument that every residual came from. */
function sharedArgument(name: string, values: readonly Atom[], residuals: Residuals): Atom | undefined {
  const owners = values.map((value) => residuals.get(value)?.get(name));
  return owners.every((owner) => owner === owners[0]) ? owners[0] : undefined;
}
