/** @file Runs a function on the engine and on jax-js's own `cpu` back-end, forward and backward, and compares. */
import { defaultDevice, grad, numpy as np } from "@jax-js/jax";
import { expect } from "vitest";
import { compile, type Runtime, spec, type TypedArray } from "../../src/engine/index.js";
import type { DType } from "../../src/engine/spec.js";
import { openTestRuntime } from "./test-runtime.js";

/** An array with elements, for the engine and for jax-js. */
export interface Sample {
  shape: number[];
  dtype: DType;
  data: TypedArray;
}

/** Deterministic, irregular numbers in (-scale, scale). */
export function floats(shape: number[], scale = 2, seed = 1): Sample {
  const size = shape.reduce((product, length) => product * length, 1);
  const data = Float32Array.from({ length: size }, (_, i) => {
    const x = Math.sin((i + 1) * 12.9898 + seed * 78.233) * 43758.5453;
    return (2 * (x - Math.floor(x)) - 1) * scale;
  });
  return { shape, dtype: "float32", data };
}

/** Numbers in (low, high). */
export function between(low: number, high: number, shape: number[], seed = 1): Sample {
  const sample = floats(shape, 1, seed);
  return { ...sample, data: sample.data.map((x) => low + ((x + 1) / 2) * (high - low)) };
}

export const given = (values: number[], shape = [values.length]): Sample => {
  return { shape, dtype: "float32", data: Float32Array.from(values) };
};

export const ints = (values: number[], shape = [values.length]): Sample => {
  return { shape, dtype: "int32", data: Int32Array.from(values) };
};

export const bools = (values: number[], shape = [values.length]): Sample => {
  return { shape, dtype: "bool", data: Uint8Array.from(values) };
};

let runtime: Runtime | undefined;

/** One runtime for a test file, which disposes it. */
export function testRuntime(): Runtime {
  if (runtime === undefined || runtime.closed) runtime = openTestRuntime();
  return runtime;
}

type Fn = (...args: np.Array[]) => np.Array;
type ListFn = (...args: np.Array[]) => np.Array[];

const listed =
  (fn: Fn): ListFn =>
  (...args) => [fn(...args)];

/** Elements and their type, as a back-end gives them. */
interface Computed {
  data: TypedArray;
  dtype: string;
}

/** `fn` on the engine. */
export async function onEngine(fn: Fn, samples: Sample[]): Promise<TypedArray> {
  const [{ data }] = await computedOnEngine(listed(fn), samples);
  return data;
}

async function computedOnEngine(fn: ListFn, samples: Sample[]): Promise<Computed[]> {
  const specs = samples.map(({ shape, dtype }) => spec(shape, dtype));
  const program = await compile(fn, specs, { runtime: testRuntime(), keepOnDevice: true });
  const results = await program.run(...samples.map(({ data }) => data));
  await program.dispose();
  return Promise.all(
    results.map(async (result) => {
      const computed = { data: await result.read(), dtype: result.spec.dtype };
      result.dispose();
      return computed;
    }),
  );
}

/** `fn` on jax-js's `cpu` back-end. */
function computedOnJax(fn: ListFn, samples: Sample[]): Computed[] {
  const previous = defaultDevice();
  defaultDevice("cpu");
  try {
    const arrays = samples.map(({ data, shape, dtype }) => {
      if (dtype !== "bool") return np.array(data as Float32Array<ArrayBuffer>).reshape(shape);
      return np.array(Array.from(data, Boolean), { dtype: np.bool }).reshape(shape);
    });
    return fn(...arrays).map((result) => ({ dtype: result.dtype, data: result.dataSync() as TypedArray }));
  } finally {
    defaultDevice(previous);
  }
}

/** Largest difference relative to the largest magnitude among finite values; NaN and infinities must agree exactly. */
export function difference(actual: TypedArray, expected: ArrayLike<number | boolean>): number {
  expect(actual.length).toBe(expected.length);
  let [largest, scale] = [0, 1e-6];
  for (let i = 0; i < actual.length; i++) {
    const [a, e] = [actual[i], Number(expected[i])];
    if (Number.isFinite(e)) scale = Math.max(scale, Math.abs(e));
    if (Object.is(a, e) || a === e) continue;
    if (!Number.isFinite(a) || !Number.isFinite(e)) return Number.POSITIVE_INFINITY;
    largest = Math.max(largest, Math.abs(a - e));
  }
  return largest / scale;
}

/** Fails unless the engine computes what jax-js does, in the same types. */
async function checkAll(fn: ListFn, samples: Sample[], tolerance: number): Promise<void> {
  const [engine, jax] = [await computedOnEngine(fn, samples), computedOnJax(fn, samples)];
  expect(engine.map(({ dtype }) => dtype)).toEqual(jax.map(({ dtype }) => dtype));
  engine.forEach(({ data }, index) => {
    expect(difference(data, jax[index].data)).toBeLessThanOrEqual(tolerance);
  });
}

/** Fails unless the engine computes what jax-js does, in the same type. */
export const checkForward = (fn: Fn, samples: Sample[], tolerance = 2e-6): Promise<void> =>
  checkAll(listed(fn), samples, tolerance);

/** Like `checkForward`, and the gradients of Σ fn(x) · weight with respect to all float arguments, with irregular weights. */
export async function check(fn: Fn, samples: Sample[], tolerance = 2e-6): Promise<void> {
  await checkForward(fn, samples, tolerance);
  const scalar = (...args: np.Array[]) => {
    const result = fn(...args);
    const weight = floats(result.shape, 1, 7);
    return result.mul(np.array(weight.data as Float32Array<ArrayBuffer>).reshape(result.shape)).sum();
  };
  const argnums = samples.flatMap(({ dtype }, argument) => (dtype === "float32" ? [argument] : []));
  await checkAll(grad(scalar, { argnums }) as unknown as ListFn, samples, tolerance);
}
