/** @file Single operations on the engine against jax-js's own WebAssembly back-end. */
import { blockUntilReady, grad, lax, nn, numpy as np } from "@jax-js/jax";
import { compile, Runtime, spec } from "../../src/engine/index.js";
import { swish } from "../../src/model/index.js";
import { interleave, type Row, wave } from "../measure.js";

const ROUNDS = 7;

type Fn = (...args: np.Array[]) => np.Array;

const convolve: Fn = (x, w) => lax.conv(x, w, [1, 1], "SAME");
const filterGradient = grad((w: np.Array, x: np.Array) => lax.conv(x, w, [1, 1], "SAME").sum()) as unknown as Fn;

const image = [4, 32, 16, 16];
const filter = [32, 32, 3, 3];

const primitives: { name: string; fn: Fn; shapes: number[][] }[] = [
  { name: "3×3 convolution, 32 channels, 16², batch 4", fn: convolve, shapes: [image, filter] },
  { name: "gradient of its filter", fn: (w, x) => filterGradient(w, x), shapes: [filter, image] },
  {
    name: "product of 256² matrices",
    fn: (x, y) => np.matmul(x, y),
    shapes: [
      [256, 256],
      [256, 256],
    ],
  },
  { name: "swish of 262,144 numbers", fn: (x) => swish(x), shapes: [[512, 512]] },
  { name: "softmax of 512 rows", fn: (x) => nn.softmax(x, -1), shapes: [[512, 512]] },
  { name: "sum over an axis", fn: (x) => x.sum(1), shapes: [[512, 512]] },
];

export async function primitiveRows(threads: number): Promise<Row[]> {
  const runtime = new Runtime({ threads });
  const rows: Row[] = [];
  for (const { name, fn, shapes } of primitives) {
    const data = shapes.map((shape) => wave(shape.reduce((product, size) => product * size, 1)));
    const program = await compile(
      fn as never,
      shapes.map((shape) => spec(shape)),
      { runtime },
    );
    const ours = () => program.run(...data);
    const arrays = data.map((values, index) => np.array(values).reshape(shapes[index]));
    const theirs = () => blockUntilReady(fn(...arrays.map((array) => array.ref)));
    const [ms, peerMs] = await interleave([ours, theirs], ROUNDS);
    rows.push({ name, ms, peer: "jax-js wasm", peerMs });
    await program.dispose();
  }
  await runtime.dispose();
  return rows;
}
