/** @file From a jax-js function to an ONNX model that other programs run, at any batch size. */
import { UserError } from "../errors.js";
import { prepare, type TracedArgs } from "./compile.js";
import { type Atom, type Equation, formatEquation, type Graph, isLiteral } from "./graph/graph.js";
import { writeGraph } from "./onnx/lower.js";
import { Lowering } from "./onnx/lowering.js";
import { type About, batches, PortableModelBuilder, STAND_INS, sizeName } from "./onnx/portable-model.js";
import type { Spec, TypedArray } from "./spec.js";
import { entries, type Mapped } from "./tree.js";

/** A function of weights and of one batch's inputs; inputs and outputs bear the names that callers of the model use. */
export interface PortableFunction<Weights, Inputs> {
  /** Takes the weights and a record of arrays, returns one; owns its arguments. */
  fn: (...args: TracedArgs<[NoInfer<Weights>, NoInfer<Inputs>]>) => unknown;
  /** A tree of specs, and the same tree with elements. */
  weights: { specs: Weights; data: Mapped<Weights, Spec, TypedArray> };
  /** A record of specs for a batch of N; the first that depends on N tells the model's runtime what it is. */
  inputs: (batch: number) => Inputs;
}

/**
 * The function as a model in ONNX's binary form whose batch size is open: standard operators of opset 18, weights inside.
 *
 * `fn` is traced twice, with two batch sizes; what comes out must be the same but for sizes that are multiples of them.
 *
 * @throws UserError when weights have a size that a batch size stands for; Error naming the equation that depends on the batch
 *   size in another way
 */
export function portableModel<Weights, Inputs extends Readonly<Record<string, Spec>>>(
  { fn, weights, inputs }: PortableFunction<Weights, Inputs>,
  about: About,
): Uint8Array {
  checkSizes(weights.specs);
  const [first, second] = STAND_INS.map((batch) =>
    prepare<[Weights, Inputs], unknown>(fn, [weights.specs, inputs(batch)], { constants: [weights.data] }),
  );
  checkAlike(first.graph, second.graph);
  const model = new PortableModelBuilder(STAND_INS[0]);
  const outputs = entries(first.outputs).map(([name]) => name);
  writeGraph(first.graph, new Lowering(0, model), { inputs: Object.keys(inputs(1)), outputs });
  return model.encodePortable(about);
}

/** A size of the weights that is a multiple of a stand-in would be taken for one of the batch. */
function checkSizes(specs: unknown): void {
  for (const [path, { shape }] of entries(specs) as [string, Spec][]) {
    const size = shape.find((size) => STAND_INS.some((standIn) => batches(size, standIn) > 0));
    if (size === undefined) continue;
    throw new UserError(
      "wrong-shape",
      `Expected weights without a size that stands for the batch's while tracing, got ${size} in ${path}.`,
    );
  }
}

function checkAlike(first: Graph, second: Graph): void {
  const [a, b] = [describe(first, STAND_INS[0]), describe(second, STAND_INS[1])];
  const at = a.findIndex((line, index) => line !== b[index]);
  const index = at < 0 && a.length !== b.length ? a.length : at;
  if (index < 0) {
    checkConstants(first, second);
    return;
  }
  const equation = (first.equations[index] ?? second.equations[index]) as Equation | undefined;
  const what = equation ? `${formatEquation(equation)}, traced in ${equation.scope}` : "what the function returns";
  throw new Error(`expected a function whose batch size may be any, got one that depends on it: ${what}`);
}

/** Weights are the same array; what the function brings along must have the same elements. */
function checkConstants(first: Graph, second: Graph): void {
  const others = [...second.constants.values()];
  [...first.constants].forEach(([{ dtype, shape }, data], index) => {
    const other = others[index];
    if (data === other || data.every((element, place) => Object.is(element, other[place]))) return;
    throw new Error(`expected constants that do not depend on the batch size, got one of ${dtype}[${shape}] that does`);
  });
}

/** Every equation, then the outputs, as text in which sizes are told by how many batches they are. */
function describe({ inputs, constants, equations, outputs }: Graph, standIn: number): string[] {
  const numbers = new Map<Atom, number>();
  const name = (size: number) => sizeName(size, standIn);
  const known = [...inputs, ...constants.keys(), ...equations.flatMap((equation) => equation.outputs)];
  known.forEach((value, index) => {
    numbers.set(value, index);
  });
  const atom = (each: Atom) =>
    `${isLiteral(each) ? `= ${each.value}` : numbers.get(each)} ${each.dtype}[${each.shape.map(name)}]`;
  const list = (atoms: readonly Atom[]) => atoms.map(atom).join(", ");
  const sizes = (_: string, value: unknown) => (typeof value === "number" ? name(value) : value);
  return [
    ...equations.map(
      (each) => `${list(each.outputs)} ${each.op} ${JSON.stringify(each.params, sizes)} ${list(each.inputs)}`,
    ),
    `${list(inputs)} ${list([...constants.keys()])} ${list(outputs)}`,
  ];
}
