/** @file One small convolution as a program, in blocks of so many channels or none. */
import { Value } from "../graph/graph.js";
import type { LoweredGraph } from "../lowered-program.js";
import { Spec } from "../spec.js";
import { lowerConvolution } from "./convolution.js";
import { Lowering } from "./lowering.js";

const CHANNELS = 16;
const image = new Value([1, CHANNELS, 3, 3], "float32");
const kernel = new Value([CHANNELS, CHANNELS, 3, 3], "float32");

/** @param block - channels to a block; 0: an ordinary convolution */
export function smallConvolution(block: number): LoweredGraph {
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
  return {
    code: lowering.model.encode(),
    inputs: [info("in0", image), info("in1", kernel)],
    outputs: [info(name, output)],
  };
}

const specOf = (value: Value) => new Spec([...value.shape], value.dtype);
