/** @file Whether the engine computes rightly on this machine, and how fast: one small convolution checked against plain numbers. */
import { grad, lax, type numpy as np } from "@jax-js/jax";
import { compile, defaultRuntime, type Runtime, spec } from "../index.js";

const [N, C, O, R] = [2, 3, 4, 5];
const image = wave(N * C * R * R, 0.37);
const filter = wave(O * C * 9, 0.59);
const cotangent = wave(N * O * R * R, 0.83);

/** Deterministic values in [-1, 1]. */
function wave(length: number, step: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => Math.sin(1 + step * i));
}

const convolve = (x: np.Array, w: np.Array) => lax.convGeneralDilated(x, w, [1, 1], "SAME");

/** The image's gradient, the filter's gradient, and the convolution itself. */
function convolution(x: np.Array, w: np.Array, y: np.Array) {
  const output = convolve(x.ref, w.ref);
  const loss = (of: { x: np.Array; w: np.Array }): np.Array => convolve(of.x, of.w).mul(y).sum();
  return { output, gradients: grad(loss)({ x, w }) };
}

/** The same in float64, by definition: y[n,o,i,j] = Σ x[n,c,i+k−1,j+l−1] w[o,c,k,l], and its two transposes. */
function byDefinition() {
  const output = new Float64Array(cotangent.length);
  const gradients = { x: new Float64Array(image.length), w: new Float64Array(filter.length) };
  for (const [n, o, i, j] of indices(N, O, R, R)) {
    for (const [c, k, l] of indices(C, 3, 3)) {
      const [row, column] = [i + k - 1, j + l - 1];
      if (row < 0 || row >= R || column < 0 || column >= R) continue;
      const [at, from, weight] = [
        ((n * O + o) * R + i) * R + j,
        ((n * C + c) * R + row) * R + column,
        ((o * C + c) * 3 + k) * 3 + l,
      ];
      output[at] += image[from] * filter[weight];
      gradients.x[from] += cotangent[at] * filter[weight];
      gradients.w[weight] += cotangent[at] * image[from];
    }
  }
  return { output, gradients };
}

/** All tuples of indices below `sizes`. */
function indices(...sizes: number[]): number[][] {
  return sizes.reduce<number[][]>(
    (all, size) => all.flatMap((tuple) => Array.from({ length: size }, (_, i) => [...tuple, i])),
    [[]],
  );
}

/** Largest deviation that float32 sums of this length explain. */
export const TOLERANCE = 1e-5;

/**
 * Runs a 3×3 convolution and its two gradients.
 *
 * @returns the largest absolute deviation from the definition; at most {@link TOLERANCE} on a machine that computes rightly
 */
export async function selfTest(runtime?: Runtime): Promise<number> {
  const args = [spec([N, C, R, R]), spec([O, C, 3, 3]), spec([N, O, R, R])];
  const program = await compile(convolution, args, { runtime });
  try {
    const got = (await program.run(image, filter, cotangent)) as unknown as ReturnType<typeof byDefinition>;
    const want = byDefinition();
    return Math.max(
      deviation(got.output, want.output),
      deviation(got.gradients.x, want.gradients.x),
      deviation(got.gradients.w, want.gradients.w),
    );
  } finally {
    await program.dispose();
  }
}

const deviation = (got: ArrayLike<number>, want: Float64Array): number =>
  want.reduce(
    (largest, value, i) => Math.max(largest, Math.abs(value - got[i]) || (Number.isNaN(got[i]) ? Infinity : 0)),
    0,
  );

/** Images, channels and resolution of the convolution that {@link measureSpeed} times: those of a published model's layers. */
const TIMED = { images: 4, channels: 64, resolution: 32 };

/**
 * Speed of a 3×3 convolution of 64 channels at 32² on 4 images, its weights an argument as in training,
 * its operands on the device and its result read.
 *
 * @param seconds - how long to measure
 * @returns 10⁹ additions and multiplications a second, from the fastest run
 */
export async function measureSpeed(runtime = defaultRuntime(), seconds = 1): Promise<number> {
  const { images, channels, resolution } = TIMED;
  const args = [spec([images, channels, resolution, resolution]), spec([channels, channels, 3, 3])];
  const program = await compile((x: np.Array, w: np.Array) => convolve(x, w), args, { runtime });
  try {
    const arrays = args.map((arg) => runtime.put(wave(arg.size, 0.37), arg));
    await program.run(...arrays);
    const endMs = performance.now() + 1000 * seconds;
    let fastestMs = Number.POSITIVE_INFINITY;
    for (let nowMs = performance.now(); nowMs < endMs; ) {
      await program.run(...arrays);
      fastestMs = Math.min(fastestMs, performance.now() - nowMs);
      nowMs = performance.now();
    }
    for (const array of arrays) array.dispose();
    return (2 * 9 * images * channels ** 2 * resolution ** 2) / (fastestMs * 1e6);
  } finally {
    await program.dispose();
  }
}
