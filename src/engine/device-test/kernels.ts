/**
 * @file One small case or more for every operation of the engine: what a device is tested with. Sizes are chosen for the
 * routes that kernels take: whole vectors of four numbers or not, more than one work group, every way that operands broadcast.
 */
import type { OperationName, Operations } from "../graph/graph.js";
import { type DType, sizeOf, type TypedArray } from "../spec.js";

/** An array with its elements. */
export interface Sample {
  shape: readonly number[];
  dtype: DType;
  data: TypedArray;
}

/** An operation on given arrays. */
export interface KernelCase<O extends OperationName = OperationName> {
  params: Operations[O];
  inputs: readonly Sample[];
}

/**
 * Every operation that programs may contain when they are lowered; `cases.ts` tests the two of storage together. The processor,
 * which devices are compared with, does not draw random numbers.
 */
type Lowered = Exclude<
  OperationName,
  "dot" | "checkpoint" | "filterGradient" | "windows" | "toStorage" | "fromStorage" | "threefry"
>;

/** Irregular numbers in (low, high). */
export function floats(shape: readonly number[], low = -2, high = 2): Sample {
  const data = Float32Array.from({ length: sizeOf(shape) }, (_, i) => {
    const x = 43758.5453 * Math.sin(12.9898 * (i + 1) + sizeOf(shape));
    return low + (high - low) * (x - Math.floor(x));
  });
  return { shape, dtype: "float32", data };
}

const integers = (...values: number[]): Sample => {
  return { shape: [values.length], dtype: "int32", data: Int32Array.from(values) };
};
const booleans = (...values: number[]): Sample => {
  return { shape: [values.length], dtype: "bool", data: Uint8Array.from(values) };
};
/** Ones and zeros of a shape, as bools. */
const mask = (shape: readonly number[]): Sample => {
  return { shape, dtype: "bool", data: Uint8Array.from(floats(shape).data, (x) => Number(x > 0)) };
};

const images = [2, 8, 12, 12];
const odd = [3, 5, 7];

const alone = (...inputs: Sample[]) => ({ params: {}, inputs });
const unary = (low = -2, high = 2) => [alone(floats(images, low, high))];
const binary = (low = -2, high = 2) => [
  alone(floats(images), floats(images, low, high)),
  alone(floats([3, 1, 7]), floats([5, 1], low, high)),
];
const broadcasting = [alone(floats(images), floats([8, 1, 1])), alone(floats(odd), floats([]))];
const ofIntegers = alone(integers(7, -8, 9, 3, 5), integers(2, 3, -4, 3, 1));
const logic = [alone(booleans(1, 1, 0, 0, 1), booleans(1, 0, 1, 0, 0))];

function convolution(
  [n, inputs, height, width]: readonly number[],
  outputs: number,
  size: number,
  { stride = 1, bias = false, swapped = false, mirrored = false, rectified = false } = {},
): KernelCase<"conv"> {
  const pad = [Math.floor(size / 2), Math.floor(size / 2)] as const;
  const kernel = swapped ? [inputs, outputs, size, size] : [outputs, inputs, size, size];
  return {
    params: {
      strides: [stride, stride],
      padding: [pad, pad],
      dilation: [1, 1],
      groups: 1,
      swapped,
      mirrored,
      rectified,
    },
    inputs: [floats([n, inputs, height, width]), floats(kernel), ...(bias ? [floats([outputs])] : [])],
  };
}

const pads = (width: number) => [[width, width] as const, [width, width] as const];

const product = (left: readonly number[], right: readonly number[], params: Operations["dotGeneral"]) => {
  return { params, inputs: [floats(left), floats(right)] };
};

/** The cases of every operation; a new operation does not compile until it has one. */
export const kernels: { [O in Lowered]: readonly KernelCase<O>[] } = {
  add: [...binary(), ...broadcasting, ofIntegers],
  sub: binary(),
  mul: [...binary(), ...broadcasting, ofIntegers],
  div: binary(0.5, 2),
  idiv: [alone(floats(odd), floats(odd, 0.3, 0.9)), ofIntegers],
  mod: [alone(floats(odd), floats(odd, 0.3, 0.9)), ofIntegers],
  min: binary(),
  max: binary(),
  and: logic,
  or: logic,
  neg: [...unary(), alone(floats(odd))],
  reciprocal: unary(0.5, 2),
  floor: unary(),
  ceil: unary(),
  sin: unary(),
  cos: unary(),
  asin: unary(-0.9, 0.9),
  atan: unary(),
  exp: unary(-8, 4),
  log: unary(1e-3, 4),
  erf: unary(),
  erfc: unary(),
  sqrt: unary(0, 4),
  sigmoid: unary(-12, 12),
  softplus: unary(-12, 12),
  cast: [
    { params: { dtype: "int32" }, inputs: [floats(odd)] },
    { params: { dtype: "bool" }, inputs: [integers(0, 2, -1)] },
    { params: { dtype: "float32" }, inputs: [integers(0, 2, -1)] },
    { params: { dtype: "float32" }, inputs: [booleans(0, 1, 1, 0)] },
  ],
  compare: [
    { params: { op: "less" }, inputs: [floats(odd), floats([5, 1])] },
    { params: { op: "less_equal" }, inputs: [integers(1, 2, 3), integers(2, 2, 2)] },
    { params: { op: "equal" }, inputs: [integers(1, 2, 3), integers(2, 2, 2)] },
    { params: { op: "equal" }, inputs: [floats([4]), floats([4])] },
    { params: { op: "not_equal" }, inputs: [booleans(0, 0, 1, 1), booleans(0, 1, 0, 1)] },
  ],
  where: [
    alone(mask(images), floats(images), floats(images, 5, 6)),
    alone(mask([5, 1]), floats(odd), floats([])),
    alone(booleans(0, 1, 0), integers(1, 2, 3), integers(4, 5, 6)),
    alone(booleans(0, 0, 1, 1), booleans(0, 1, 0, 1), booleans(1, 0, 1, 0)),
  ],
  reduce: [
    ...[[0], [1], [2, 3], [0, 2, 3], [1, 2, 3], [0, 1, 2, 3]].map((axes) => {
      return { params: { op: "sum", axes }, inputs: [floats(images)] } as const;
    }),
    { params: { op: "sum", axes: [0] }, inputs: [floats([3000, 5])] },
    { params: { op: "sum", axes: [0] }, inputs: [integers(1, -5, 9)] },
    { params: { op: "max", axes: [2, 3] }, inputs: [floats(images)] },
    { params: { op: "max", axes: [2] }, inputs: [floats(odd)] },
    { params: { op: "min", axes: [1] }, inputs: [floats(odd)] },
    { params: { op: "prod", axes: [1] }, inputs: [floats(odd)] },
    { params: { op: "and", axes: [1] }, inputs: [mask(odd)] },
    { params: { op: "or", axes: [1] }, inputs: [mask(odd)] },
  ],
  dotGeneral: [
    product([33, 20], [20, 17], { batch: [], contract: [[1, 0]] }),
    product([64, 32], [32, 48], { batch: [], contract: [[1, 0]] }),
    product([64, 32], [48, 32], { batch: [], contract: [[1, 1]] }),
    product([700, 33], [700, 18], { batch: [], contract: [[0, 0]] }),
    product([512, 32], [512, 64], { batch: [], contract: [[0, 0]] }),
    product([20, 6], [5, 20], { batch: [], contract: [[0, 1]] }),
    product([2, 9, 5], [2, 5, 7], { batch: [[0, 0]], contract: [[2, 1]] }),
    product([2, 16, 8], [2, 32, 8], { batch: [[0, 0]], contract: [[2, 2]] }),
  ],
  conv: [
    convolution([2, 3, 7, 9], 5, 3),
    convolution([2, 16, 8, 8], 32, 3),
    convolution([2, 16, 8, 8], 32, 3, { bias: true }),
    convolution([2, 5, 6, 6], 3, 3, { bias: true }),
    convolution([2, 16, 8, 8], 16, 3, { bias: true, rectified: true }),
    convolution([2, 32, 8, 8], 16, 3, { swapped: true, mirrored: true }),
    convolution([2, 32, 8, 8], 16, 3, { swapped: true }),
    convolution([2, 32, 8, 8], 16, 3, { mirrored: true }),
    convolution([2, 5, 7, 7], 3, 3, { swapped: true, mirrored: true }),
    convolution([2, 16, 8, 8], 32, 1, { bias: true }),
    convolution([2, 5, 7, 7], 3, 1),
    convolution([2, 16, 8, 8], 12, 1, { swapped: true }),
    convolution([2, 6, 9, 9], 4, 3, { stride: 2 }),
    convolution([2, 8, 1, 1], 12, 3),
  ],
  concatenate: [
    { params: { axis: 0 }, inputs: [floats([100]), floats([7]), floats([1])] },
    { params: { axis: 1 }, inputs: [floats([2, 8, 6, 6]), floats([2, 3, 6, 6])] },
  ],
  split: [
    { params: { axis: 0, sizes: [100, 7, 1] }, inputs: [floats([108])] },
    { params: { axis: 1, sizes: [8, 3] }, inputs: [floats([2, 11, 6, 6])] },
  ],
  gather: [
    { params: { axis: 0 }, inputs: [floats([40, 6]), integers(7, 0, 39, 7)] },
    { params: { axis: 1 }, inputs: [floats([3, 10, 4]), integers(9, 0, 4)] },
  ],
  scatter: [
    { params: { op: "add", shape: [6, 4] }, inputs: [floats([5, 4]), integers(2, 0, 2, 5, 2)] },
    { params: { op: "update", shape: [6, 4] }, inputs: [floats([3, 4]), integers(4, 0, 1)] },
  ],
  transpose: [
    { params: { permutation: [1, 0] }, inputs: [floats([70, 33])] },
    { params: { permutation: [0, 2, 1] }, inputs: [floats([3, 16, 20])] },
    { params: { permutation: [0, 2, 3, 1] }, inputs: [floats(images)] },
    { params: { permutation: [0, 3, 1, 2] }, inputs: [floats(images)] },
    { params: { permutation: [1, 0, 2, 3] }, inputs: [floats(images)] },
    { params: { permutation: [0, 3, 2, 4, 1] }, inputs: [floats([2, 3, 4, 5, 6])] },
  ],
  broadcast: [
    { params: { shape: [2, 3, 4], newAxes: [0] }, inputs: [floats([3, 1])] },
    { params: { shape: [2, 8, 4, 2, 4, 2], newAxes: [3, 5] }, inputs: [floats([2, 8, 4, 4])] },
  ],
  reshape: [{ params: { shape: [21, 5] }, inputs: [floats(odd)] }],
  flip: [{ params: { axes: [0, 2] }, inputs: [floats(odd)] }],
  slice: [
    {
      params: {
        ranges: [
          [1, 3],
          [0, 5],
          [2, 6],
        ],
      },
      inputs: [floats(odd)],
    },
  ],
  upsample: [
    { params: { factors: [2, 2] }, inputs: [floats(images)] },
    { params: { factors: [4, 4] }, inputs: [floats([2, 8, 1, 1])] },
  ],
  sumPool: [
    { params: { factors: [2, 2] }, inputs: [floats(images)] },
    { params: { factors: [4, 4] }, inputs: [floats([2, 8, 4, 4])] },
  ],
  pool: (["max", "mean"] as const).flatMap((op) => [
    { params: { op, window: [3, 3], strides: [2, 2], padding: pads(0) }, inputs: [floats(images)] },
    { params: { op, window: [3, 3], strides: [1, 1], padding: pads(1) }, inputs: [floats(images)] },
  ]),
  recompute: [alone(floats(images))],
  pad: [
    {
      params: {
        widths: [
          [0, 0],
          [1, 1],
          [1, 2],
          [0, 0],
        ],
      },
      inputs: [floats(images)],
    },
  ],
};
