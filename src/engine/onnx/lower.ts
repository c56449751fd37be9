/** @file From a graph to an ONNX model: one rule an operation. */
import { type Atom, type Equation, type Graph, isLiteral, type OperationName, type Value } from "../graph.js";
import { broadcastShapes } from "../shapes.js";
import { Spec, sizeOf } from "../spec.js";
import { elementType, ModelBuilder } from "./model.js";

/** Names of the model's inputs and outputs, in the order of the graph's. */
export const inputName = (index: number): string => `in${index}`;
export const outputName = (index: number): string => `out${index}`;

/** The model, in ONNX's binary form, that computes the outputs of `graph` from its inputs. */
export function lowerToOnnx(graph: Graph): Uint8Array {
  const lowering = new Lowering();
  graph.inputs.forEach((input, index) => {
    lowering.names.set(input, inputName(index));
    lowering.model.input(inputName(index), specOf(input));
  });
  for (const [value, data] of graph.constants) {
    lowering.names.set(value, lowering.model.initializer(data, value.shape, value.dtype));
  }
  for (const equation of graph.equations) lowerEquation(equation, lowering);
  graph.outputs.forEach((output, index) => {
    lowering.model.output(outputName(index), lowering.full(output), specOf(output));
  });
  return lowering.model.encode();
}

const specOf = (atom: Atom) => new Spec([...atom.shape], atom.dtype);

/** The model under construction, and the names of what has been written into it. */
class Lowering {
  readonly model = new ModelBuilder();
  readonly names = new Map<Value, string>();

  node = this.model.node.bind(this.model);

  /** The array with all its elements. */
  full(atom: Atom): string {
    if (!isLiteral(atom)) return this.names.get(atom)!;
    const scalar = this.model.scalar(atom.value, atom.dtype);
    return atom.shape.length === 0 ? scalar : this.node("Expand", [scalar, this.model.integers(atom.shape)])[0];
  }

  /** Operands of an elementwise operation: literals as scalars where the others, or the result, fix the shape. */
  operands(inputs: readonly Atom[], shape: readonly number[]): string[] {
    const arrays = inputs.filter((input) => !isLiteral(input));
    const covered = arrays.length > 0 && String(broadcastShapes(...arrays.map((a) => a.shape))) === String(shape);
    return inputs.map((input) =>
      isLiteral(input) && covered ? this.model.scalar(input.value, input.dtype) : this.full(input),
    );
  }

  transpose(x: string, permutation: readonly number[]): string {
    if (permutation.every((axis, index) => axis === index)) return x;
    return this.node("Transpose", [x], { perm: permutation })[0];
  }

  reshape(x: string, from: readonly number[], to: readonly number[]): string {
    if (String(from) === String(to)) return x;
    const allowZero = to.includes(0) ? { allowzero: 1 } : undefined;
    return this.node("Reshape", [x, this.model.integers(to)], allowZero)[0];
  }

  cast(x: string, dtype: Value["dtype"]): string {
    return this.node("Cast", [x], { to: elementType(dtype) })[0];
  }
}

type Rules = { [O in Exclude<OperationName, "dot">]: (equation: Equation<O>, lowering: Lowering) => string[] };

const elementwise =
  (opType: string) =>
  ({ inputs, outputs }: Equation, lowering: Lowering) =>
    lowering.node(opType, lowering.operands(inputs, outputs[0].shape));

const unary =
  (opType: string) =>
  ({ inputs }: Equation, lowering: Lowering) =>
    lowering.node(opType, [lowering.full(inputs[0])]);

const comparisons = { less: "Less", less_equal: "LessOrEqual", equal: "Equal", not_equal: "Equal" };
const reductions = { sum: "ReduceSum", prod: "ReduceProd", min: "ReduceMin", max: "ReduceMax" };

const rules: Rules = {
  add: elementwise("Add"),
  sub: elementwise("Sub"),
  mul: elementwise("Mul"),
  div: elementwise("Div"),
  idiv: (equation, lowering) => {
    const [quotient] = elementwise("Div")(equation, lowering);
    if (equation.outputs[0].dtype === "int32") return [quotient];
    const negative = lowering.node("Less", [quotient, lowering.model.scalar(0, "float32")])[0];
    const [up, down] = ["Ceil", "Floor"].map((opType) => lowering.node(opType, [quotient])[0]);
    return lowering.node("Where", [negative, up, down]);
  },
  mod: ({ inputs, outputs }, lowering) =>
    lowering.node("Mod", lowering.operands(inputs, outputs[0].shape), { fmod: 1 }),
  min: elementwise("Min"),
  max: elementwise("Max"),
  and: elementwise("And"),
  or: elementwise("Or"),
  neg: unary("Neg"),
  reciprocal: unary("Reciprocal"),
  floor: unary("Floor"),
  ceil: unary("Ceil"),
  sin: unary("Sin"),
  cos: unary("Cos"),
  asin: unary("Asin"),
  atan: unary("Atan"),
  exp: unary("Exp"),
  log: unary("Log"),
  erf: unary("Erf"),
  erfc: ({ inputs }, lowering) => [complementaryError(lowering.full(inputs[0]), lowering)],
  sqrt: unary("Sqrt"),
  sigmoid: unary("Sigmoid"),
  softplus: unary("Softplus"),
  cast: ({ inputs, params }, lowering) => [lowering.cast(lowering.full(inputs[0]), params.dtype)],
  compare: ({ inputs, params, outputs }, lowering) => {
    const operands = lowering.operands(inputs, outputs[0].shape);
    const ordered = params.op === "less" || params.op === "less_equal";
    const comparable =
      ordered && inputs[0].dtype === "bool" ? operands.map((x) => lowering.cast(x, "int32")) : operands;
    const result = lowering.node(comparisons[params.op], comparable);
    return params.op === "not_equal" ? lowering.node("Not", result) : result;
  },
  where: (equation, lowering) => {
    if (equation.outputs[0].dtype !== "bool") return elementwise("Where")(equation, lowering);
    const [condition, x, y] = equation.inputs.map((input) => lowering.full(input)); // ORT's Where has no bool
    const chosen = lowering.node("And", [condition, x])[0];
    return lowering.node("Or", [chosen, lowering.node("And", [lowering.node("Not", [condition])[0], y])[0]]);
  },
  reduce: ({ inputs, params }, lowering) => {
    const x = lowering.full(inputs[0]);
    const axes = lowering.model.integers(params.axes);
    if (params.op === "and" || params.op === "or") {
      const opType = params.op === "and" ? "ReduceMin" : "ReduceMax";
      return [lowering.cast(lowering.node(opType, [lowering.cast(x, "int32"), axes], { keepdims: 0 })[0], "bool")];
    }
    return lowering.node(reductions[params.op], [x, axes], { keepdims: 0 });
  },
  dotGeneral: (equation, lowering) => [product(equation, lowering)],
  conv: ({ inputs, params }, lowering) => {
    const { strides, padding, dilation, groups } = params;
    const pads = [...padding.map(([before]) => before), ...padding.map(([, after]) => after)];
    const attributes = { strides, pads, dilations: dilation, group: groups, kernel_shape: inputs[1].shape.slice(2) };
    return lowering.node(
      "Conv",
      inputs.map((input) => lowering.full(input)),
      attributes,
    );
  },
  concatenate: ({ inputs, params }, lowering) =>
    lowering.node(
      "Concat",
      inputs.map((input) => lowering.full(input)),
      { axis: params.axis },
    ),
  split: ({ inputs, params }, lowering) => {
    const { axis, sizes } = params;
    const operands = [lowering.full(inputs[0]), lowering.model.integers(sizes)];
    return lowering.node("Split", operands, { axis }, { outputs: sizes.length });
  },
  gather: ({ inputs, params }, lowering) =>
    lowering.node(
      "Gather",
      inputs.map((input) => lowering.full(input)),
      { axis: params.axis },
    ),
  scatter: ({ inputs, params, outputs }, lowering) => {
    const [updates, index] = inputs;
    const zeros = lowering.node("Expand", [
      lowering.model.scalar(0, outputs[0].dtype),
      lowering.model.integers(params.shape),
    ]);
    const rows = lowering.reshape(lowering.full(index), index.shape, [...index.shape, 1]);
    const reduction = params.op === "add" ? "add" : "none";
    return lowering.node("ScatterND", [...zeros, cast64(rows, lowering), lowering.full(updates)], { reduction });
  },
  transpose: ({ inputs, params }, lowering) => [lowering.transpose(lowering.full(inputs[0]), params.permutation)],
  broadcast: ({ inputs, params }, lowering) => {
    const [x] = inputs;
    const kept = [...x.shape];
    for (const axis of params.newAxes) kept.splice(axis, 0, 1);
    const shaped = lowering.reshape(lowering.full(x), x.shape, kept);
    return lowering.node("Expand", [shaped, lowering.model.integers(params.shape)]);
  },
  reshape: ({ inputs, params }, lowering) => [
    lowering.reshape(lowering.full(inputs[0]), inputs[0].shape, params.shape),
  ],
  flip: ({ inputs, params }, lowering) => {
    const starts = params.axes.map(() => -1);
    const ends = params.axes.map((axis) => -inputs[0].shape[axis] - 1);
    return slice(lowering, inputs[0], starts, ends, params.axes, starts);
  },
  slice: ({ inputs, params }, lowering) => {
    const [x] = inputs;
    const axes = x.shape.flatMap((size, axis) =>
      params.ranges[axis][1] - params.ranges[axis][0] < size ? [axis] : [],
    );
    const [starts, ends] = [0, 1].map((side) => axes.map((axis) => params.ranges[axis][side]));
    return slice(
      lowering,
      x,
      starts,
      ends,
      axes,
      axes.map(() => 1),
    );
  },
  pad: ({ inputs, params }, lowering) => {
    const pads = lowering.model.integers([0, 1].flatMap((side) => params.widths.map((width) => width[side])));
    return lowering.node("Pad", [lowering.full(inputs[0]), pads, lowering.model.scalar(0, inputs[0].dtype)]);
  },
};

function lowerEquation(equation: Equation, lowering: Lowering): void {
  if (equation.op === "dot") throw new Error("internal: a dot reached the lowering; run contract-dots first");
  const rule = rules[equation.op] as (equation: Equation, lowering: Lowering) => string[];
  const names = rule(equation, lowering);
  equation.outputs.forEach((output, index) => {
    lowering.names.set(output, names[index]);
  });
}

function slice(
  lowering: Lowering,
  x: Atom,
  starts: readonly number[],
  ends: readonly number[],
  axes: readonly number[],
  steps: readonly number[],
): string[] {
  const settings = [starts, ends, axes, steps].map((values) => lowering.model.integers(values));
  return lowering.node("Slice", [lowering.full(x), ...settings]);
}

const cast64 = (x: string, lowering: Lowering): string => lowering.node("Cast", [x], { to: elementType("int64") })[0];

/** A product of matrices: batch axes first, then [free, contracted] or the reverse, each group of axes made one. */
function product({ inputs, params, outputs }: Equation<"dotGeneral">, lowering: Lowering): string {
  const { batch, contract } = params;
  const batchSizes = batch.map(([left]) => inputs[0].shape[left]);
  const sides = inputs.map((atom, side) => {
    const batched = batch.map((pair) => pair[side]);
    const contracted = contract.map((pair) => pair[side]);
    const free = atom.shape
      .map((_, axis) => axis)
      .filter((axis) => !batched.includes(axis) && !contracted.includes(axis));
    const size = (axes: readonly number[]) => sizeOf(axes.map((axis) => atom.shape[axis]));
    const matrix = (groups: readonly (readonly number[])[]) => {
      const permutation = [...batched, ...groups.flat()];
      const moved = lowering.transpose(lowering.full(atom), permutation);
      const shape = permutation.map((axis) => atom.shape[axis]);
      return lowering.reshape(moved, shape, [...batchSizes, ...groups.map(size)]);
    };
    const inPlace = [...batched, ...contracted, ...free].every((axis, index) => axis === index);
    return { free, contracted, inPlace, matrix };
  });
  const [left, right] = sides;
  if (batch.length > 0) {
    const operands = [left.matrix([left.free, left.contracted]), right.matrix([right.contracted, right.free])];
    return shapeProduct(lowering.node("MatMul", operands)[0]);
  }
  const a = left.inPlace ? left.matrix([left.contracted, left.free]) : left.matrix([left.free, left.contracted]);
  const b = right.inPlace ? right.matrix([right.contracted, right.free]) : right.matrix([right.free, right.contracted]);
  const attributes = { transA: left.inPlace ? 1 : 0, transB: right.inPlace ? 0 : 1 };
  return shapeProduct(lowering.node("Gemm", [a, b], attributes)[0]);

  function shapeProduct(matrix: string): string {
    const sizes = sides.map(({ free }, side) => sizeOf(free.map((axis) => inputs[side].shape[axis])));
    return lowering.reshape(matrix, [...batchSizes, ...sizes], outputs[0].shape);
  }
}

/**
 * erfc(x) = t · exp(−x² + P(t)) with t = 1 / (1 + |x|/2), and 2 − that for negative x: relative error below 1.2e-7
 * everywhere (Numerical Recipes, 2nd ed., §6.2), where 1 − erf(x) would lose the tail.
 */
function complementaryError(x: string, { node, model }: Lowering): string {
  const coefficients = [
    0.17087277, -0.82215223, 1.48851587, -1.13520398, 0.27886807, -0.18628806, 0.09678418, 0.37409196, 1.00002368,
    -1.26551223,
  ];
  const constant = (value: number) => model.scalar(value, "float32");
  const call = (opType: string, ...operands: string[]) => node(opType, operands)[0];
  const size = call("Abs", x);
  const t = call("Reciprocal", call("Add", call("Mul", size, constant(0.5)), constant(1)));
  const polynomial = coefficients
    .slice(1)
    .reduce((sum, coefficient) => call("Add", call("Mul", sum, t), constant(coefficient)), constant(coefficients[0]));
  const tail = call("Mul", t, call("Exp", call("Sub", polynomial, call("Mul", size, size))));
  return call("Where", call("Less", x, constant(0)), call("Sub", constant(2), tail), tail);
}
