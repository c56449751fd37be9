/** @file Shape and type of what every operation computes, from its operands and parameters. */
import { type DType, Spec, sizeOf } from "../spec.js";
import type { Atom, Equation, Operations } from "./graph.js";

/** How many windows there are along each axis. */
export const windowCounts = (
  sizes: readonly number[],
  window: readonly number[],
  strides: readonly number[],
): number[] => sizes.map((size, axis) => Math.floor((size - window[axis]) / strides[axis]) + 1);

type Rule<O extends keyof Operations> = (inputs: readonly Atom[], params: Operations[O]) => Spec[];

/** NumPy's broadcasting of several shapes. Throws when two sizes differ and neither is 1. */
export function broadcastShapes(...shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1);
    const size = sizes.find((candidate) => candidate !== 1) ?? 1;
    if (sizes.some((candidate) => candidate !== 1 && candidate !== size)) {
      throw new TypeError(`shapes do not broadcast: ${shapes.map((shape) => `[${shape}]`).join(", ")}`);
    }
    return size;
  });
}

const shapesOf = (inputs: readonly Atom[]) => inputs.map((input) => input.shape);
const one = (shape: readonly number[], dtype: DType): Spec[] => [new Spec([...shape], dtype)];
const elementwise = (inputs: readonly Atom[]): Spec[] => one(broadcastShapes(...shapesOf(inputs)), inputs[0].dtype);

const rules: { [O in keyof Operations]: Rule<O> } = {
  add: elementwise,
  sub: elementwise,
  mul: elementwise,
  div: elementwise,
  idiv: elementwise,
  mod: elementwise,
  min: elementwise,
  max: elementwise,
  and: elementwise,
  or: elementwise,
  neg: elementwise,
  reciprocal: elementwise,
  floor: elementwise,
  ceil: elementwise,
  sin: elementwise,
  cos: elementwise,
  asin: elementwise,
  atan: elementwise,
  exp: elementwise,
  log: elementwise,
  erf: elementwise,
  erfc: elementwise,
  sqrt: elementwise,
  sigmoid: elementwise,
  softplus: elementwise,
  cast: ([x], { dtype }) => one(x.shape, dtype),
  compare: (inputs) => one(broadcastShapes(...shapesOf(inputs)), "bool"),
  where: (inputs) => one(broadcastShapes(...shapesOf(inputs)), inputs[1].dtype),
  reduce: ([x], { axes }) =>
    one(
      x.shape.filter((_, axis) => !axes.includes(axis)),
      x.dtype,
    ),
  dot: ([x, y]) => one(broadcastShapes(x.shape, y.shape).slice(0, -1), x.dtype),
  dotGeneral: ([x, y], { batch, contract, result = x.dtype }) => {
    const used = (side: 0 | 1) => [...batch, ...contract].map((pair) => pair[side]);
    const free = (atom: Atom, side: 0 | 1) => atom.shape.filter((_, axis) => !used(side).includes(axis));
    return one([...batch.map(([left]) => x.shape[left]), ...free(x, 0), ...free(y, 1)], result);
  },
  conv: ([x, kernel], { strides, padding, dilation, swapped, result = x.dtype }) => {
    const space = strides.map((stride, axis) => {
      const padded = x.shape[axis + 2] + padding[axis][0] + padding[axis][1];
      return Math.floor((padded - (kernel.shape[axis + 2] - 1) * dilation[axis] - 1) / stride) + 1;
    });
    return one([x.shape[0], kernel.shape[swapped ? 1 : 0], ...space], result);
  },
  filterGradient: ([x, cotangent], { padding, result = x.dtype }) => {
    const window = padding.map(([before, after], axis) => {
      return x.shape[axis + 2] + before + after - cotangent.shape[axis + 2] + 1;
    });
    return one([x.shape[1], cotangent.shape[1], ...window], result);
  },
  upsample: ([x], { factors }) =>
    one([...x.shape.slice(0, 2), ...factors.map((f, axis) => x.shape[axis + 2] * f)], x.dtype),
  sumPool: ([x], { factors }) =>
    one([...x.shape.slice(0, 2), ...factors.map((f, axis) => x.shape[axis + 2] / f)], x.dtype),
  windows: ([x], { window, strides }) => {
    const lead = x.shape.slice(0, x.shape.length - window.length);
    return one([...lead, ...windowCounts(x.shape.slice(lead.length), window, strides), ...window], x.dtype);
  },
  pool: ([x], { window, strides, padding }) => {
    const padded = padding.map(([before, after], axis) => x.shape[axis + 2] + before + after);
    return one([...x.shape.slice(0, 2), ...windowCounts(padded, window, strides)], x.dtype);
  },
  toStorage: ([x]) => one([sizeOf(x.shape)], x.dtype),
  fromStorage: ([x], { shape }) => one(shape, x.dtype),
  concatenate: (inputs, { axis }) => {
    const total = inputs.reduce((sum, input) => sum + input.shape[axis], 0);
    return one(inputs[0].shape.with(axis, total), inputs[0].dtype);
  },
  split: ([x], { axis, sizes }) => sizes.map((size) => new Spec(x.shape.with(axis, size), x.dtype)),
  gather: ([x, index], { axis }) => one(x.shape.toSpliced(axis, 1, ...index.shape), x.dtype),
  scatter: ([updates], { shape }) => one(shape, updates.dtype),
  transpose: ([x], { permutation }) =>
    one(
      permutation.map((axis) => x.shape[axis]),
      x.dtype,
    ),
  broadcast: ([x], { shape }) => one(shape, x.dtype),
  reshape: ([x], { shape }) => {
    if (sizeOf(shape) !== sizeOf(x.shape)) throw new TypeError(`cannot reshape [${x.shape}] to [${shape}]`);
    return one(shape, x.dtype);
  },
  flip: ([x]) => one(x.shape, x.dtype),
  slice: ([x], { ranges }) =>
    one(
      ranges.map(([start, end]) => end - start),
      x.dtype,
    ),
  pad: ([x], { widths }) =>
    one(
      x.shape.map((size, axis) => size + widths[axis][0] + widths[axis][1]),
      x.dtype,
    ),
  checkpoint: ([x]) => one(x.shape, x.dtype),
  recompute: ([x]) => one(x.shape, x.dtype),
  threefry: ([keys], { count }) => one([keys.shape[0], count, 2], "int32"),
};

/** What `op` computes from `inputs`: one spec per output. Throws a TypeError when the operands do not fit. */
export function resultSpecs<O extends keyof Operations>(op: O, inputs: readonly Atom[], params: Operations[O]): Spec[] {
  return (rules[op] as Rule<O>)(inputs, params);
}

/** Shape and type of what an equation computes. */
export const specsOf = (equation: Equation): Spec[] =>
  equation.outputs.map((output) => new Spec([...output.shape], output.dtype));
