/** @file Single operations on the engine against jax-js's own WebAssembly back-end. */
import { blockUntilReady, grad, lax, nn, numpy as np } from "@jax-js/jax";
import { compile, Runtime, spec } from "../../src/engine/index.js";
import { swish } from "../../src/engine/primitives.js";
import { interleave, wave } from "../measure.js";
import { type BenchOptions, digits, type Line, type Section } from "../suite.js";

const ROUNDS = 15;

type Fn = (...args: np.Array[]) => np.Array;

const convolve: Fn = (x, w) => lax.conv(x, w, [1, 1], "SAME");
const filterGradient = grad((w: np.Array, x: np.Array) => lax.conv(x, w, [1, 1], "SAME").sum()) as unknown as Fn;

const image = [4, 32, 16, 16];
const filter = [32, 32, 3, 3];

const primitives: { id: string; title: string; fn: Fn; shapes: number[][] }[] = [
  { id: "convolution", title: "3×3 convolution, 32 channels, 16², batch 4", fn: convolve, shapes: [image, filter] },
  {
    id: "filter-gradient",
    title: "gradient of its filter",
    fn: (w, x) => filterGradient(w, x),
    shapes: [filter, image],
  },
  {
    id: "product",
    title: "product of 256² matrices",
    fn: (x, y) => np.matmul(x, y),
    shapes: [
      [256, 256],
      [256, 256],
    ],
  },
  { id: "swish", title: "swish of 262,144 numbers", fn: (x) => swish(x), shapes: [[512, 512]] },
  { id: "softmax", title: "softmax of 512 rows", fn: (x) => nn.softmax(x, -1), shapes: [[512, 512]] },
  { id: "sum", title: "sum over an axis", fn: (x) => x.sum(1), shapes: [[512, 512]] },
];

async function against(
  { fn, shapes }: (typeof primitives)[number],
  { threads, rounds }: BenchOptions,
): Promise<Line[]> {
  const runtime = new Runtime({ threads });
  const data = shapes.map((shape) => wave(shape.reduce((product, size) => product * size, 1)));
  const specs = shapes.map((shape) => spec(shape));
  const program = await compile(fn as never, specs, { runtime });
  const ours = () => program.run(...data);
  const arrays = data.map((values, index) => np.array(values).reshape(shapes[index]));
  const theirs = () => blockUntilReady(fn(...arrays.map((array) => array.ref)));
  const [ms, peerMs] = await interleave([ours, theirs], rounds ?? ROUNDS);
  await program.dispose();
  await runtime.dispose();
  return [{ cells: [digits(ms), digits(peerMs), digits(peerMs / ms)], data: { ms, peerMs } }];
}

export const primitiveSection: Section = {
  title: "Single operations",
  columns: ["operation", "ms", "jax-js wasm, ms", "times as fast"],
  cases: primitives.map((primitive) => ({
    id: `primitives/${primitive.id}`,
    title: primitive.title,
    run: (options) => against(primitive, options),
  })),
};
