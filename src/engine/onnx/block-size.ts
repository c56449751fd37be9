/** @file How many channels the blocked convolutions of this machine take together: found by trying. */

import { Value } from "../graph/graph.js";
import type { Runtime } from "../runtime/runtime.js";
import { Spec, sizeOf } from "../spec.js";
import { lowerConvolution } from "./convolution.js";
import { Lowering } from "./lowering.js";

/** AVX-512 has 16, AVX2 has 8; other machines have another size or none. */
const CANDIDATES = [16, 8];

const CHANNELS = 16;
const image = new Value([1, CHANNELS, 3, 3], "float32");
const kernel = new Value([CHANNELS, CHANNELS, 3, 3], "float32");

const known = new WeakMap<Runtime, Promise<number>>();

/** The largest block with which a small convolution comes out right on this runtime; 0 if none does, as on any device but the CPU. */
export function blockSize(runtime: Runtime): Promise<number> {
  const found = known.get(runtime) ?? probe(runtime);
  known.set(runtime, found);
  return found;
}

async function probe(runtime: Runtime): Promise<number> {
  if (runtime.device !== "cpu") return 0;
  const expected = await convolve(runtime, 0);
  for (const block of CANDIDATES) {
    try {
      const result = await convolve(runtime, block);
      if (result.every((value, index) => Math.abs(value - expected[index]) < 1e-4)) return block;
    } catch {
      if (runtime.closed) return 0;
    }
  }
  return 0;
}

async function convolve(runtime: Runtime, block: number): Promise<Float32Array> {
  const lowering = new Lowering(block);
  const output = new Value(image.shape, "float32");
  const settings = {
    strides: [1, 1],
    padding: [
      [1, 1],
      [1, 1],
    ],
    dilation: [1, 1],
    groups: 1,
    swapped: false,
    mirrored: false,
    rectified: false,
  } as const;
  for (const [index, value] of [image, kernel].entries()) {
    lowering.define(value, `in${index}`);
    lowering.model.input(`in${index}`, specOf(value));
  }
  lowerConvolution({ op: "conv", params: settings, inputs: [image, kernel], outputs: [output], scope: "" }, lowering);
  const name = lowering.model.output(lowering.full(output), specOf(output));
  const info = (name: string, value: Value) => ({ name, dtype: value.dtype, shape: [...value.shape] });
  const inputs = [info("in0", image), info("in1", kernel)];
  const outputs = [info(name, output)];
  const code = lowering.model.encode();
  const { number: program } = await runtime.load({ code, inputs, outputs, keep: [false], optimise: false });
  const elements = [image, kernel].map((value) =>
    Float32Array.from({ length: sizeOf(value.shape) }, (_, i) => Math.sin(i)),
  );
  const [result] = (await runtime.request({ kind: "run", program, inputs: elements, keep: [null] })) as [Float32Array];
  await runtime.request({ kind: "unload", program });
  return result;
}

const specOf = (value: Value) => new Spec([...value.shape], value.dtype);
