/** @file Builds graphs. Equal equations are written once, so whatever passes through a builder has no common subexpressions. */

import type { DType, TypedArray } from "../spec.js";
import {
  type Atom,
  type Equation,
  type Graph,
  isLiteral,
  Literal,
  type OperationName,
  type Operations,
  Value,
} from "./graph.js";
import { resultSpecs } from "./shapes.js";

const commutative = new Set<OperationName>(["add", "mul", "min", "max", "and", "or"]);

/** Writes `op(...inputs)` and returns its results; the graph's only way to grow. */
export type Emit = <O extends OperationName>(op: O, inputs: readonly Atom[], params: Operations[O]) => Atom[];

export class GraphBuilder {
  readonly #equations: Equation[] = [];
  readonly #constants = new Map<Value, TypedArray>();
  readonly #known = new Map<string, readonly Atom[]>();
  readonly #numbers = new Map<Value, number>();
  readonly #definitions = new Map<Value, Equation>();

  /** The function whose equations are being written. */
  scope = "";

  readonly emit: Emit = (op, inputs, params) => {
    const key = this.#key(op, inputs, params);
    const known = this.#known.get(key);
    if (known) return [...known];
    const outputs = resultSpecs(op, inputs, params).map(({ shape, dtype }) => new Value(shape, dtype));
    const equation = { op, inputs, params, outputs, scope: this.scope } as Equation;
    this.#equations.push(equation);
    for (const output of outputs) this.#definitions.set(output, equation);
    this.#known.set(key, outputs);
    return outputs;
  };

  /** An array with known elements; a literal when they are all equal. */
  constant(data: TypedArray, shape: readonly number[], dtype: DType): Atom {
    if (data.length > 0 && data.every((element) => Object.is(element, data[0]))) {
      return new Literal(data[0], shape, dtype);
    }
    const value = new Value(shape, dtype);
    this.#constants.set(value, data);
    return value;
  }

  /** The equation that computes `atom`; `undefined` for literals, inputs and constants. */
  definition(atom: Atom): Equation | undefined {
    return isLiteral(atom) ? undefined : this.#definitions.get(atom);
  }

  build(inputs: readonly Value[], outputs: readonly Atom[]): Graph {
    return { inputs, constants: this.#constants, equations: this.#equations, outputs };
  }

  /** Keeps a constant of another graph. */
  adopt(value: Value, data: TypedArray): void {
    this.#constants.set(value, data);
  }

  #key(op: OperationName, inputs: readonly Atom[], params: object): string {
    const names = inputs.map((input) => this.#name(input));
    if (commutative.has(op)) names.sort();
    return `${op} ${JSON.stringify(params)} ${names.join(" ")}`;
  }

  #name(atom: Atom): string {
    if (isLiteral(atom)) return `${Object.is(atom.value, -0) ? "-0" : atom.value}:${atom.dtype}[${atom.shape}]`;
    let number = this.#numbers.get(atom);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(atom, number);
    }
    return `%${number}`;
  }
}

/** Results that replace an equation's, or `undefined` to keep the equation as it is. */
export type RewriteRule = (equation: Equation, emit: Emit, builder: GraphBuilder) => Atom[] | undefined;

/** The graph with `rule` applied to every equation in order, operands already rewritten. */
export function rewrite(graph: Graph, rule: RewriteRule): Graph {
  const builder = new GraphBuilder();
  const replaced = new Map<Value, Atom>();
  const current = (atom: Atom): Atom => (isLiteral(atom) ? atom : (replaced.get(atom) ?? atom));
  for (const [value, data] of graph.constants) builder.adopt(value, data);
  for (const equation of graph.equations) {
    builder.scope = equation.scope;
    const inputs = equation.inputs.map(current);
    const results =
      rule({ ...equation, inputs } as Equation, builder.emit, builder) ??
      builder.emit(equation.op, inputs, equation.params);
    equation.outputs.forEach((output, index) => {
      replaced.set(output, results[index]);
    });
  }
  return builder.build(graph.inputs, graph.outputs.map(current));
}
