/**
 * @file The engine's program: a typed list of equations between tracing and lowering. It knows neither jax-js nor ONNX.
 *
 * Unlike a Jaxpr it is flat (no nested functions), every operand already has the type its operation computes in, and an
 * array whose elements are all equal is a `Literal`, whatever its shape.
 */
import type { DType, TypedArray } from "../spec.js";

/** An array computed by an equation or given from outside. Compared by identity. */
export class Value {
  constructor(
    readonly shape: readonly number[],
    readonly dtype: DType,
  ) {}
}

/** An array whose elements all equal `value` (bool: 0 or 1; NaN and infinities included). */
export class Literal {
  constructor(
    readonly value: number,
    readonly shape: readonly number[],
    readonly dtype: DType,
  ) {}

  withShape(shape: readonly number[]): Literal {
    return new Literal(this.value, shape, this.dtype);
  }
}

export type Atom = Value | Literal;

type None = Record<never, never>;

/** Products of bfloat16 are summed in float32. */
interface Product {
  /** The type in which the sums leave; by default that of the factors. */
  result?: DType;
}

/** Every operation with its parameters. Elementwise ones broadcast as in NumPy; axes count from 0. */
export interface Operations {
  add: None;
  sub: None;
  mul: None;
  div: None;
  /** Integer quotient, rounded towards zero. */
  idiv: None;
  /** Remainder with the sign of the numerator. */
  mod: None;
  min: None;
  max: None;
  and: None;
  or: None;
  neg: None;
  reciprocal: None;
  floor: None;
  ceil: None;
  sin: None;
  cos: None;
  asin: None;
  atan: None;
  exp: None;
  log: None;
  erf: None;
  erfc: None;
  sqrt: None;
  /** 1 / (1 + exp(−x)), in a form that never overflows. */
  sigmoid: None;
  /** log(1 + exp(x)), in a form that never overflows. */
  softplus: None;
  cast: { dtype: DType };
  compare: { op: Comparison };
  where: None;
  reduce: { op: Reduction; axes: readonly number[] };
  /** Sum of x·y over the last axis, all others broadcast. Gone after the pass `contract-dots`. */
  dot: None;
  /** Sum over the contracted pairs of axes; result axes: batch, free axes of the left, free axes of the right. */
  dotGeneral: Product & { batch: readonly AxisPair[]; contract: readonly AxisPair[] };
  /**
   * Cross-correlation of [N, G·C, …] with [G·O, C, …], plus a bias [G·O] where a third operand is given; padding may not be
   * negative and the input is not dilated. The kernel may be given as [C, O, …] (`swapped`), and with its window reversed
   * (`mirrored`); as both, it is the kernel of the convolution of which this is the gradient. Negative results become 0 where it
   * is `rectified`.
   */
  conv: Product & {
    strides: readonly number[];
    padding: readonly Interval[];
    dilation: readonly number[];
    groups: number;
    swapped: boolean;
    mirrored: boolean;
    rectified: boolean;
  };
  /**
   * Gradient of a convolution's kernel, swapped: x [N, C, …], cotangent [N, O, …] → [C, O, …window], the sum over images n and
   * pixels p of x[n, c, p + w] · cotangent[n, o, p]. `padding` is that of x.
   */
  filterGradient: Product & { padding: readonly Interval[] };
  /** Every pixel of an image [N, C, H, W] repeated. */
  upsample: { factors: readonly [number, number] };
  /** Sums over tiles of an image [N, C, H, W]. */
  sumPool: { factors: readonly [number, number] };
  /** Every window over the last axes: [… H, W] → [… H', W', h, w]. Gone after the pass `pooling`. */
  windows: { window: readonly number[]; strides: readonly number[] };
  /** Largest or mean of the pixels of an image [N, C, H, W] in each window; windows may reach `padding` beyond it, where there are none. */
  pool: {
    op: "max" | "mean";
    window: readonly number[];
    strides: readonly number[];
    padding: readonly Interval[];
  };
  /** All elements of an image in the order in which the machine keeps images, whatever that is. */
  toStorage: None;
  /** The image of `shape` that `toStorage` made flat. */
  fromStorage: { shape: readonly number[] };
  concatenate: { axis: number };
  split: { axis: number; sizes: readonly number[] };
  /** Entries of the first operand along `axis` at int32 indices, whose axes replace it. */
  gather: { axis: number };
  /** Zeros of `shape` with rows of the first operand added (or put) at int32 row numbers along axis 0. */
  scatter: { op: "add" | "update"; shape: readonly number[] };
  transpose: { permutation: readonly number[] };
  /** New axes are inserted, axes of size 1 are repeated. */
  broadcast: { shape: readonly number[]; newAxes: readonly number[] };
  reshape: { shape: readonly number[] };
  flip: { axes: readonly number[] };
  slice: { ranges: readonly Interval[] };
  pad: { widths: readonly Interval[] };
  /** The operand itself, marked as one to be kept for the backward part. Gone after the passes. */
  checkpoint: None;
  /** The operand itself, computed once, under another name, so that what is computed from it is recomputed. */
  recompute: None;
  /**
   * Random words, int32 [N, count, 2], under keys [N, 2]: threefry-2x32 of the counters [h, l], [h, l + 1], … from the
   * second operand on, int32 [2].
   */
  threefry: { count: number };
}

export type Interval = readonly [number, number];
export type AxisPair = readonly [left: number, right: number];
export type Comparison = "less" | "less_equal" | "equal" | "not_equal";
export type Reduction = "sum" | "prod" | "min" | "max" | "and" | "or";
export type OperationName = keyof Operations;

/** `outputs = op(inputs)`, as traced inside the function named by `scope`. */
export type Equation<O extends OperationName = OperationName> = {
  [K in O]: { op: K; params: Operations[K]; inputs: readonly Atom[]; outputs: readonly Value[]; scope: string };
}[O];

export interface Graph {
  readonly inputs: readonly Value[];
  /** Arrays captured or declared constant, with their elements. */
  readonly constants: ReadonlyMap<Value, TypedArray>;
  readonly equations: readonly Equation[];
  readonly outputs: readonly Atom[];
}

export const isLiteral = (atom: Atom): atom is Literal => atom instanceof Literal;

/** For error messages: `float32[2,3] = reduce{op: sum, axes: 1} float32[2,4,3]`. */
export function formatEquation({ op, params, inputs, outputs }: Equation): string {
  const array = (atom: Atom) => `${isLiteral(atom) ? `${atom.value}: ` : ""}${atom.dtype}[${atom.shape.join(",")}]`;
  const settings = Object.entries(params).map(([name, value]) => `${name}: ${JSON.stringify(value)}`);
  const braces = settings.length > 0 ? `{${settings.join(", ")}}` : "";
  return `${outputs.map(array).join(", ")} = ${op}${braces} ${inputs.map(array).join(", ")}`;
}
