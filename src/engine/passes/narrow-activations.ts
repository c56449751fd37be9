/**
 * @file Activations in bfloat16: half the memory of float32, and operands that matrix units multiply fastest.
 *
 * An array's type follows from where it comes from and where it goes. An *activation* is the result of a product (a
 * convolution or a product of matrices), and whatever sums, elementwise products, sigmoids and movements make of it. It is
 * kept in bfloat16 where all ways onward, through more of these, end in another product or in the gradient of a
 * parameter; it stays float32 where one ends elsewhere: in a logarithm, a softmax, a sum over channels, a result. So the
 * blocks of a network, its residual stream and their cotangents are narrow. What distributions and losses are computed
 * from is wide from the last product on, and so are latents, into which square roots enter.
 *
 *     nature     given        an input, or what is computed from such without a convolution or a function
 *                activation   the result of a product, or of activations and given arrays
 *                exact        the result of anything else, or of such an array and others
 *     safe       every use is by a product, by a sum over images, by a movement whose result is safe, or by arithmetic
 *                whose result is a safe activation
 *     narrow     a safe activation of three axes or more
 *
 * Products take operands in bfloat16, cast where they are wide, and give float32 where their result is. All sums, within
 * products and in reductions, are of float32. Products that no convolution comes before, as of distances between vectors,
 * are left as they are.
 */
import { type Emit, GraphBuilder } from "../graph/builder.js";
import {
  type Atom,
  type Equation,
  type Graph,
  isLiteral,
  Literal,
  type OperationName,
  type Value,
} from "../graph/graph.js";
import type { DType } from "../spec.js";
import { removeDeadCode } from "./dead-code.js";

/** Movements of one array, before which a cast can be made as well as after. */
const rearrangements = new Set<OperationName>([
  "transpose",
  "reshape",
  "broadcast",
  "flip",
  "slice",
  "pad",
  "upsample",
]);
const movements = new Set<OperationName>([...rearrangements, "split", "concatenate", "gather", "recompute"]);
const arithmetic = new Set<OperationName>(["add", "sub", "mul", "neg", "sigmoid", "min", "max", "sumPool", "pool"]);
/** Operations that add up elements of one array. */
const sums = new Set<OperationName>(["reduce", "sumPool", "pool"]);

/** What an equation is to an activation. */
type Role = "product" | "sum over images" | "movement" | "arithmetic" | "end";
type Roles = ReadonlyMap<Equation, Role>;

/** From what may be an activation to what cannot be one. */
const natures = ["given", "activation", "exact"] as const;
type Nature = (typeof natures)[number];
type NatureOf = (atom: Atom) => Nature;

/** The graph with its activations in bfloat16. Inputs and outputs keep their types. */
export function narrowActivations(graph: Graph): Graph {
  const roles = rolesOf(graph);
  const natureOf = naturesOf(graph, roles);
  const narrow = narrowValues(graph, roles, natureOf);
  const builder = new GraphBuilder();
  const { emit } = builder;
  for (const [value, data] of graph.constants) builder.adopt(value, data);
  const written = new Map<Value, Atom>();
  const read = (atom: Atom): Atom => (isLiteral(atom) ? atom : (written.get(atom) ?? atom));

  function write(equation: Equation): Atom[] {
    const { op, params, outputs } = equation;
    const inputs = equation.inputs.map(read);
    const allNarrow = outputs.every((output) => narrow.has(output));
    if (roles.get(equation) === "product") {
      const result = allNarrow ? "bfloat16" : "float32";
      // A runtime that cannot multiply bfloat16 to float32 copies the operands. For a filter's gradient it is to do so
      // when it gets there, not to keep the copies that a forward convolution had.
      const copied = !allNarrow && equation.inputs.every((input) => natureOf(input) !== "given");
      const factors = inputs.slice(0, 2).map((factor) => narrowed(factor, builder, copied));
      const bias = inputs.slice(2).map((each) => cast(each, result, emit));
      return emit(op, [...factors, ...bias], { ...params, result } as never);
    }
    if (allNarrow && !sums.has(op)) {
      const operands = inputs.map((atom) => (atom.dtype === "float32" ? narrowed(atom, builder) : atom));
      return emit(op, operands, params);
    }
    const operands = inputs.map((atom, index) => cast(atom, equation.inputs[index].dtype, emit));
    const results = emit(op, operands, params);
    return results.map((result, index) => (narrow.has(outputs[index]) ? cast(result, "bfloat16", emit) : result));
  }

  for (const equation of graph.equations) {
    builder.scope = equation.scope;
    const results = write(equation);
    equation.outputs.forEach((output, index) => {
      written.set(output, results[index]);
    });
  }
  return removeDeadCode(builder.build(graph.inputs, graph.outputs.map(read)));
}

function cast(atom: Atom, dtype: DType, emit: Emit): Atom {
  if (atom.dtype === dtype) return atom;
  return isLiteral(atom) ? new Literal(atom.value, atom.shape, dtype) : emit("cast", [atom], { dtype })[0];
}

/**
 * The array in bfloat16. What is cast is the array that it is a rearrangement of, since runtimes look for mirrored kernels.
 *
 * @param renamed - whether that array goes by a new name, so that nothing made of it is shared with other uses
 */
function narrowed(atom: Atom, builder: GraphBuilder, renamed = false): Atom {
  const definition = builder.definition(atom);
  if (definition && rearrangements.has(definition.op)) {
    return builder.emit(definition.op, [narrowed(definition.inputs[0], builder, renamed)], definition.params)[0];
  }
  const narrow = cast(atom, "bfloat16", builder.emit);
  return renamed ? builder.emit("recompute", [narrow], {})[0] : narrow;
}

function rolesOf({ equations }: Graph): Roles {
  const roles = new Map<Equation, Role>();
  /** What some convolution comes before. */
  const convolved = new Set<Atom>();
  for (const equation of equations) {
    const isConvolution = equation.op === "conv" || equation.op === "filterGradient";
    const follows = isConvolution || equation.inputs.some((input) => convolved.has(input));
    if (follows) for (const output of equation.outputs) convolved.add(output);
    roles.set(equation, roleOf(equation, follows));
  }
  return roles;
}

function roleOf(equation: Equation, followsConvolution: boolean): Role {
  const { op, inputs, params } = equation;
  switch (op) {
    case "conv":
    case "filterGradient":
    case "dotGeneral":
      if (inputs[0].dtype !== "float32") return "end";
      return followsConvolution ? "product" : "arithmetic"; // what labels add is given as much as they are
    case "reduce":
      return params.op === "sum" ? roleOfSum(inputs[0], params.axes) : "end";
    default:
      return movements.has(op) ? "movement" : arithmetic.has(op) ? "arithmetic" : "end";
  }
}

/** Sums over images give gradients of parameters; sums over pixels shrink images; sums over channels give losses. */
function roleOfSum({ shape }: Atom, axes: readonly number[]): Role {
  if (axes.includes(0)) return axes.length < shape.length ? "sum over images" : "end";
  return axes.includes(1) ? "end" : "arithmetic";
}

const handsOn = (role: Role | undefined): boolean => role === "movement" || role === "arithmetic";

function naturesOf({ equations }: Graph, roles: Roles): NatureOf {
  const found = new Map<Atom, Nature>();
  const natureOf = (atom: Atom) => found.get(atom) ?? "given";
  for (const equation of equations) {
    const role = roles.get(equation);
    const least = Math.max(0, ...equation.inputs.map((input) => natures.indexOf(natureOf(input))));
    const nature = role === "product" ? "activation" : handsOn(role) ? natures[least] : "exact";
    for (const output of equation.outputs) found.set(output, nature);
  }
  return natureOf;
}

function narrowValues({ equations, outputs: results }: Graph, roles: Roles, natureOf: NatureOf): Set<Value> {
  const unsafe = new Set<Atom>(results);
  const narrow = new Set<Value>();
  for (const equation of equations.toReversed()) {
    const { inputs, outputs } = equation;
    const role = roles.get(equation);
    const goesOn = (output: Value) => !unsafe.has(output) && (role === "movement" || natureOf(output) === "activation");
    const safe = role === "product" || role === "sum over images" || (handsOn(role) && outputs.every(goesOn));
    if (!safe) for (const input of inputs) unsafe.add(input);
    for (const output of outputs) {
      const activation = natureOf(output) === "activation" && output.shape.length > 2 && output.dtype === "float32";
      if (activation && !unsafe.has(output)) narrow.add(output);
    }
  }
  return narrow;
}
