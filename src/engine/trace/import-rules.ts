/**
 * @file How each jax-js primitive is said in the engine's operations: one rule a primitive. Implicit promotion becomes
 * explicit, arithmetic on booleans becomes logic, and windows, strides and dilations that ONNX has no word for become
 * padding, slicing and gathering.
 */
import type { Emit, GraphBuilder } from "../graph/builder.js";
import { type Atom, type Interval, isLiteral, Literal, type OperationName, type Reduction } from "../graph/graph.js";
import { broadcastShapes } from "../graph/shapes.js";
import { windowRows } from "../graph/window-rows.js";
import { type DType, sizeOf } from "../spec.js";

export interface ImportContext {
  emit: Emit;
  constant: GraphBuilder["constant"];
  /** Element type of the first result. */
  dtype: DType;
}

// biome-ignore lint/suspicious/noExplicitAny: the parameters of a traced equation are untyped in jax-js
type Params = any;
type ImportRule = (inputs: Atom[], params: Params, context: ImportContext) => Atom[] | undefined;
type Unary = { [O in OperationName]: O }[
  | "floor"
  | "ceil"
  | "sin"
  | "cos"
  | "asin"
  | "atan"
  | "exp"
  | "log"
  | "erf"
  | "erfc"
  | "sqrt"
  | "reciprocal"];

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

/** The array converted to another element type; numbers become bool by comparison with zero. */
function castTo(atom: Atom, dtype: DType, emit: Emit): Atom {
  if (atom.dtype === dtype) return atom;
  if (!isLiteral(atom)) return emit("cast", [atom], { dtype })[0];
  const value = dtype === "bool" ? Number(atom.value !== 0) : dtype === "int32" ? Math.trunc(atom.value) : atom.value;
  return new Literal(value, atom.shape, dtype);
}

/** The type in which operands of different types meet: float64 above float32 above int32 above bool. */
function promoted(inputs: readonly Atom[]): DType {
  const order: DType[] = ["float64", "float32", "int32", "bool"];
  return order.find((dtype) => inputs.some((input) => input.dtype === dtype))!;
}

const promote = (inputs: Atom[], dtype: DType, emit: Emit) => inputs.map((input) => castTo(input, dtype, emit));

const unary =
  (op: Unary): ImportRule =>
  (inputs, _, { emit }) =>
    emit(op, inputs, {});

const binary =
  (op: "add" | "mul" | "min" | "max" | "idiv" | "mod", onBooleans?: "and" | "or"): ImportRule =>
  (inputs, _, { emit, dtype }) => {
    if (dtype !== "bool") return emit(op, promote(inputs, dtype, emit), {});
    return onBooleans && emit(onBooleans, promote(inputs, dtype, emit), {});
  };

const reductions: Record<string, { number: Reduction; bool: Reduction }> = {
  Add: { number: "sum", bool: "or" },
  Mul: { number: "prod", bool: "and" },
  Min: { number: "min", bool: "and" },
  Max: { number: "max", bool: "or" },
};

function reshape(x: Atom, shape: readonly number[], emit: Emit): Atom {
  return emit("reshape", [x], { shape })[0];
}

function transpose(x: Atom, permutation: readonly number[], emit: Emit): Atom {
  return emit("transpose", [x], { permutation })[0];
}

/** Padding that may be negative: slices first, then pads with zeros. */
function padOrSlice(x: Atom, widths: readonly Interval[], emit: Emit): Atom {
  const ranges = x.shape.map((size, axis): Interval => {
    const [before, after] = widths[axis];
    return [Math.max(-before, 0), size - Math.max(-after, 0)];
  });
  const positive = widths.map(([before, after]): Interval => [Math.max(before, 0), Math.max(after, 0)]);
  const sliced = emit("slice", [x], { ranges })[0];
  return emit("pad", [sliced], { widths: positive })[0];
}

/** Zeros between the elements of the spatial axes: [… H …] to [… (H − 1)·dilation + 1 …]. */
function dilate(x: Atom, dilation: readonly number[], emit: Emit): Atom {
  return dilation.reduce((current, factor, space) => {
    if (factor === 1) return current;
    const axis = space + 2;
    const size = current.shape[axis];
    const split = reshape(current, current.shape.toSpliced(axis + 1, 0, 1), emit);
    const widths = split.shape.map((_, index): Interval => [0, index === axis + 1 ? factor - 1 : 0]);
    const spread = reshape(emit("pad", [split], { widths })[0], current.shape.with(axis, size * factor), emit);
    const ranges = spread.shape.map((extent, index): Interval => [0, index === axis ? extent - factor + 1 : extent]);
    return emit("slice", [spread], { ranges })[0];
  }, x);
}

/** A convolution whose `vmapDims` leading axes are groups: they join the channels. */
const conv: ImportRule = (inputs, params, { emit, dtype }) => {
  const { vmapDims, strides, padding, lhsDilation, rhsDilation } = params;
  const [x, kernel] = promote(inputs, dtype, emit);
  const groupShape = broadcastShapes(x.shape.slice(0, vmapDims), kernel.shape.slice(0, vmapDims));
  const groups = sizeOf(groupShape);
  const full = (atom: Atom): Atom => {
    const rest = atom.shape.slice(vmapDims);
    const spread = emit("broadcast", [atom], { shape: [...groupShape, ...rest], newAxes: [] })[0];
    return reshape(spread, [groups, ...rest], emit);
  };
  const [, batch, channels, ...space] = full(x).shape;
  const joined = reshape(
    transpose(full(x), swapFirst(space.length + 3), emit),
    [batch, groups * channels, ...space],
    emit,
  );
  const [, outputs, ...kernelRest] = full(kernel).shape;
  const kernels = reshape(full(kernel), [groups * outputs, ...kernelRest], emit);
  const none: Interval = [0, 0];
  const prepared = padNegative(dilate(joined, lhsDilation, emit), [none, none, ...padding], emit);
  const positive = padding.map(([before, after]: Interval): Interval => [Math.max(before, 0), Math.max(after, 0)]);
  const [result] = emit("conv", [prepared, kernels], {
    strides,
    padding: positive,
    dilation: rhsDilation,
    groups,
    swapped: false,
    mirrored: false,
    rectified: false,
  });
  const outSpace = result.shape.slice(2);
  const split = reshape(result, [batch, groups, outputs, ...outSpace], emit);
  return [
    reshape(transpose(split, swapFirst(split.shape.length), emit), [...groupShape, batch, outputs, ...outSpace], emit),
  ];
};

const swapFirst = (rank: number): number[] => [1, 0, ...range(rank).slice(2)];

function padNegative(x: Atom, widths: readonly Interval[], emit: Emit): Atom {
  return padOrSlice(
    x,
    widths.map(([before, after]): Interval => [Math.min(before, 0), Math.min(after, 0)]),
    emit,
  );
}

const poolTranspose: ImportRule = ([x], { inShape, window, strides }, { emit, constant }) => {
  const lead = inShape.slice(0, inShape.length - window.length);
  const sizes = inShape.slice(lead.length);
  const rows = windowRows(sizes, window, strides);
  const updates = transpose(reshape(x, [sizeOf(lead), rows.length], emit), [1, 0], emit);
  const shape = [sizeOf(sizes), sizeOf(lead)];
  const [sums] = emit("scatter", [updates, constant(rows, [rows.length], "int32")], { op: "add", shape });
  return [reshape(transpose(sums, [1, 0], emit), inShape, emit)];
};

/** One row number for indices along several axes of sizes `sizes`, broadcast together. */
function flatIndex(indices: Atom[], sizes: readonly number[], emit: Emit): Atom {
  const [first, ...rest] = promote(indices, "int32", emit);
  return rest.reduce((row, index, axis) => {
    const [scaled] = emit("mul", [row, new Literal(sizes[axis + 1], [], "int32")], {});
    return emit("add", [scaled, index], {})[0];
  }, first);
}

/** Axes `axis` first, then the others in order. */
const axesFirst = (axis: readonly number[], rank: number) => [...axis, ...range(rank).filter((a) => !axis.includes(a))];

const inverse = (permutation: readonly number[]) => range(permutation.length).map((axis) => permutation.indexOf(axis));

/** Where axes [index axes, other axes] go so that the index axes start at `outDim`. */
function placeIndexAxes(indexRank: number, otherRank: number, outDim: number): number[] {
  const others = range(otherRank).map((axis) => axis + indexRank);
  return [...others.slice(0, outDim), ...range(indexRank), ...others.slice(outDim)];
}

const gather: ImportRule = ([x, ...indices], { axis, outDim }, { emit }) => {
  const permutation = axesFirst(axis, x.shape.length);
  const front = transpose(x, permutation, emit);
  const sizes = front.shape.slice(0, axis.length);
  const others = front.shape.slice(axis.length);
  const rows = reshape(front, [sizeOf(sizes), ...others], emit);
  const index = flatIndex(indices, sizes, emit);
  const [taken] = emit("gather", [rows, index], { axis: 0 });
  return [transpose(taken, placeIndexAxes(index.shape.length, others.length, outDim), emit)];
};

const scatter: ImportRule = ([updates, ...indices], { op, shape, axis, outDim }, { emit }) => {
  const permutation = axesFirst(axis, shape.length);
  const front = permutation.map((from) => shape[from]);
  const sizes = front.slice(0, axis.length);
  const others = front.slice(axis.length);
  const index = flatIndex(indices, sizes, emit);
  const rank = index.shape.length;
  const indexFirst = transpose(updates, inverse(placeIndexAxes(rank, others.length, outDim)), emit);
  const count = sizeOf(index.shape);
  const rows = reshape(indexFirst, [count, sizeOf(others)], emit);
  const rowShape = [sizeOf(sizes), sizeOf(others)];
  const [placed] = emit("scatter", [rows, reshape(index, [count], emit)], { op, shape: rowShape });
  return [transpose(reshape(placed, front, emit), inverse(permutation), emit)];
};

export const importRules: Record<string, ImportRule | undefined> = {
  add: binary("add", "or"),
  mul: binary("mul", "and"),
  min: binary("min", "and"),
  max: binary("max", "or"),
  idiv: binary("idiv"),
  mod: binary("mod"),
  neg: ([x], _, { emit }) => emit("neg", [x], {}),
  reciprocal: unary("reciprocal"),
  floor: ([x], _, { emit }) => (x.dtype.startsWith("float") ? emit("floor", [x], {}) : [x]),
  ceil: ([x], _, { emit }) => (x.dtype.startsWith("float") ? emit("ceil", [x], {}) : [x]),
  sin: unary("sin"),
  cos: unary("cos"),
  asin: unary("asin"),
  atan: unary("atan"),
  exp: unary("exp"),
  log: unary("log"),
  erf: unary("erf"),
  erfc: unary("erfc"),
  sqrt: unary("sqrt"),
  stop_gradient: (inputs) => inputs,
  cast: ([x], { dtype }, { emit }) => [castTo(x, dtype, emit)],
  compare: (inputs, { op }, { emit }) => emit("compare", promote(inputs, promoted(inputs), emit), { op }),
  where: ([condition, x, y], _, { emit, dtype }) => emit("where", [condition, ...promote([x, y], dtype, emit)], {}),
  reduce: ([x], { op, axis }, { emit }) => {
    const { number, bool } = reductions[op];
    return emit("reduce", [x], { op: x.dtype === "bool" ? bool : number, axes: [...axis].sort((a, b) => a - b) });
  },
  dot: (inputs, _, { emit, dtype }) => emit("dot", promote(inputs, dtype, emit), {}),
  conv,
  pool: ([x], { window, strides }, { emit }) => emit("windows", [x], { window, strides }),
  pool_transpose: poolTranspose,
  concatenate: (inputs, { axis }, { emit, dtype }) => emit("concatenate", promote(inputs, dtype, emit), { axis }),
  split: ([x], { axis, sizes }, { emit }) => emit("split", [x], { axis, sizes }),
  gather,
  scatter,
  transpose: ([x], { perm }, { emit }) => emit("transpose", [x], { permutation: perm }),
  broadcast: ([x], { shape, axis }, { emit }) =>
    emit("broadcast", [x], { shape, newAxes: [...axis].sort((a, b) => a - b) }),
  reshape: ([x], { shape }, { emit }) => emit("reshape", [x], { shape }),
  flip: ([x], { axis }, { emit }) => emit("flip", [x], { axes: axis }),
  shrink: ([x], { slice }, { emit }) => emit("slice", [x], { ranges: slice }),
  pad: ([x], { width }, { emit }) => [padOrSlice(x, width, emit)],
};
