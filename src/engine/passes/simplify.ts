/**
 * @file Literal folding and algebra that costs nothing: operations on literals are done now, operations that change
 * nothing disappear, and movements of data that follow one another become one. Sums, products and comparisons keep their
 * order, so results change by no more than the sign of a zero.
 */
import type { Emit, GraphBuilder } from "../graph/builder.js";
import { rewrite } from "../graph/builder.js";
import {
  type Atom,
  type Comparison,
  type Equation,
  type Graph,
  isLiteral,
  Literal,
  type OperationName,
  type Reduction,
  type Value,
} from "../graph/graph.js";
import { broadcastShapes, specsOf } from "../graph/shapes.js";
import { type DType, sameShape, sizeOf } from "../spec.js";

export const simplify = (graph: Graph): Graph =>
  rewrite(graph, (equation, emit, builder) => {
    return foldLiterals(equation) ?? dropIdentity(equation, emit) ?? mergeMoves(equation, emit, builder);
  });

const scalarOperations: Partial<Record<OperationName, (...numbers: number[]) => number>> = {
  add: (x, y) => x + y,
  sub: (x, y) => x - y,
  mul: (x, y) => x * y,
  div: (x, y) => x / y,
  idiv: (x, y) => Math.trunc(x / y),
  mod: (x, y) => x % y,
  min: Math.min,
  max: Math.max,
  and: (x, y) => x & y,
  or: (x, y) => x | y,
  neg: (x) => -x,
  reciprocal: (x) => 1 / x,
  floor: Math.floor,
  ceil: Math.ceil,
  sin: Math.sin,
  cos: Math.cos,
  asin: Math.asin,
  atan: Math.atan,
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
};

const comparisons: Record<Comparison, (x: number, y: number) => boolean> = {
  less: (x, y) => x < y,
  less_equal: (x, y) => x <= y,
  equal: (x, y) => x === y,
  not_equal: (x, y) => x !== y,
};

const reductions: Record<Reduction, (x: number, count: number) => number> = {
  sum: (x, count) => x * count,
  prod: (x, count) => x ** count,
  min: (x) => x,
  max: (x) => x,
  and: (x) => x,
  or: (x) => x,
};

const round = (value: number, dtype: DType): number => {
  if (dtype === "float64") return value;
  return dtype === "float32" ? Math.fround(value) : dtype === "int32" ? value | 0 : Number(value !== 0);
};

/** Operations that only move elements of their first operand. */
const moves = new Set<OperationName>(["transpose", "reshape", "broadcast", "flip", "slice", "split", "gather"]);

function foldLiterals(equation: Equation): Atom[] | undefined {
  const { op, inputs, params } = equation;
  const specs = specsOf(equation);
  const literal = (value: number) => specs.map(({ shape, dtype }) => new Literal(round(value, dtype), shape, dtype));
  const [first, ...others] = inputs;
  if (op === "where" && isLiteral(first)) {
    const chosen = others[first.value ? 0 : 1];
    if (isLiteral(chosen)) return literal(chosen.value);
    return sameShape(chosen.shape, specs[0].shape) ? [chosen] : undefined;
  }
  if (moves.has(op) && isLiteral(first)) return literal(first.value);
  if (!inputs.every(isLiteral)) return undefined;
  const values = inputs.map(({ value }) => value);
  if (sizeOf(specs[0].shape) === 0) return literal(0);
  if (op in scalarOperations) return literal(scalarOperations[op]!(...values));
  if (op === "compare") return literal(Number(comparisons[params.op](values[0], values[1])));
  if (op === "reduce") return literal(reductions[params.op](values[0], sizeOf(first.shape) / specs[0].size));
  if (op === "concatenate") return values.every((value) => value === values[0]) ? literal(values[0]) : undefined;
  if (op === "pad") return values[0] === 0 ? literal(0) : undefined;
  return undefined;
}

const neutralRight: Partial<Record<OperationName, number>> = { add: 0, sub: 0, mul: 1, div: 1 };
const neutralLeft: Partial<Record<OperationName, number>> = { add: 0, mul: 1 };

/** Equations whose result is one of their operands. */
function dropIdentity(equation: Equation, emit: Emit): Atom[] | undefined {
  const { op, inputs, params, outputs } = equation;
  const [x, y] = inputs;
  const shape = outputs[0].shape;
  const is = (atom: Atom, value: number | undefined) => isLiteral(atom) && atom.value === value;
  if (neutralRight[op] !== undefined && is(y, neutralRight[op]) && sameShape(x.shape, shape)) return [x];
  if (neutralLeft[op] !== undefined && is(x, neutralLeft[op]) && sameShape(y.shape, shape)) return [y];
  switch (op) {
    case "reduce":
      return params.axes.length === 0 ? [x] : undefined;
    case "flip":
      return params.axes.every((axis) => x.shape[axis] === 1) ? [x] : undefined;
    case "concatenate": {
      const present = inputs.filter((input) => input.shape[params.axis] > 0);
      if (present.length === 1) return present;
      return present.length < inputs.length && present.length > 0 ? emit("concatenate", present, params) : undefined;
    }
    case "split":
      return outputs.length === 1 ? [x] : undefined;
    case "slice":
    case "pad":
    case "reshape":
      return sameShape(x.shape, shape) ? [x] : undefined;
    case "broadcast":
      if (sameShape(x.shape, shape)) return [x];
      return sizeOf(x.shape) === sizeOf(shape) ? emit("reshape", [x], { shape }) : undefined;
    case "transpose": {
      const moved = params.permutation.filter((axis) => x.shape[axis] !== 1);
      const inOrder = moved.every((axis, index) => index === 0 || axis > moved[index - 1]);
      return inOrder ? emit("reshape", [x], { shape }) : undefined;
    }
    default:
      return undefined;
  }
}

const elementwise = new Set<OperationName>([
  ...["add", "sub", "mul", "div", "idiv", "mod", "min", "max", "and", "or", "compare", "where"],
] as OperationName[]);

/** Pairs of equations that one equation can do. */
function mergeMoves(equation: Equation, emit: Emit, builder: GraphBuilder): Atom[] | undefined {
  const { op, inputs, params, outputs } = equation;
  const before = builder.definition(inputs[0]);
  if (op === "reshape" && before?.op === "reshape") {
    return same(emit("reshape", before.inputs, params), before.inputs[0], outputs[0]);
  }
  if (op === "transpose" && before?.op === "transpose") {
    const permutation = params.permutation.map((axis) => before.params.permutation[axis]);
    if (permutation.every((axis, index) => axis === index)) return [before.inputs[0]];
    return emit("transpose", before.inputs, { permutation });
  }
  if (op === "neg" && before?.op === "neg") return [before.inputs[0]];
  if (op === "add" || op === "sub") {
    const negated = inputs.map((input) => {
      const definition = builder.definition(input);
      return definition?.op === "neg" ? definition.inputs[0] : undefined;
    });
    if (op === "add" && negated[1]) return emit("sub", [inputs[0], negated[1]], {});
    if (op === "add" && negated[0]) return emit("sub", [inputs[1], negated[0]], {});
    if (op === "sub" && negated[1]) return emit("add", [inputs[0], negated[1]], {});
  }
  if (elementwise.has(op) && op !== "compare") {
    const transposed = transposedAlike(equation, emit, builder);
    if (transposed) return transposed;
  }
  if (elementwise.has(op)) return withoutRepetition(equation, emit, builder);
  return undefined;
}

/** Operands transposed alike are transposed once they are one. */
function transposedAlike({ op, inputs, params }: Equation, emit: Emit, builder: GraphBuilder): Atom[] | undefined {
  const movements = inputs.map((input) => builder.definition(input));
  const [first] = movements;
  if (first?.op !== "transpose") return undefined;
  const { permutation } = first.params;
  const alike = movements.every(
    (movement) => movement?.op === "transpose" && sameShape(movement.params.permutation, permutation),
  );
  if (!alike) return undefined;
  const sources = movements.map((movement) => movement!.inputs[0]);
  return emit("transpose", emit(op, sources, params), { permutation });
}

function same(results: Atom[], source: Atom, target: Value): Atom[] {
  return sameShape(source.shape, target.shape) ? [source] : results;
}

/** The repetition of the only operand that is no literal, if it is one: its elements are computed with before it. */
function operandBeforeRepetition({ inputs }: Equation, builder: GraphBuilder): Equation<"broadcast"> | undefined {
  const arrays = inputs.filter((input) => !isLiteral(input));
  const definition = builder.definition(arrays[0]);
  return arrays.length === 1 && definition?.op === "broadcast" ? definition : undefined;
}

/** Operands that were repeated to full size enter as they were, where the other operands repeat them anyway. */
function withoutRepetition(equation: Equation, emit: Emit, builder: GraphBuilder): Atom[] | undefined {
  const single = operandBeforeRepetition(equation, builder);
  if (single) {
    const scalars = equation.inputs.map((input) => (isLiteral(input) ? input.withShape([]) : single.inputs[0]));
    return emit("broadcast", emit(equation.op, scalars, equation.params), single.params);
  }
  const operands = [...equation.inputs];
  let changed = false;
  operands.forEach((operand, index) => {
    const definition = builder.definition(operand);
    if (definition?.op !== "broadcast") return;
    const { newAxes } = definition.params;
    const [source] = definition.inputs;
    const kept = [...source.shape];
    for (const axis of newAxes) kept.splice(axis, 0, 1);
    const others = operands.filter((_, other) => other !== index).filter((other) => !isLiteral(other));
    if (others.length === 0) return;
    if (!sameShape(broadcastShapes(kept, ...others.map(({ shape }) => shape)), equation.outputs[0].shape)) return;
    operands[index] = sameShape(kept, source.shape) ? source : emit("reshape", [source], { shape: kept })[0];
    changed = true;
  });
  return changed ? emit(equation.op, operands, equation.params) : undefined;
}
