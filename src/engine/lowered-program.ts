/** @file What tracing and lowering make of a function, and the same as bytes, to be kept on disk. */
import type { Codec } from "./disk-cache.js";
import type { TensorInfo } from "./runtime/protocol.js";
import { Spec } from "./spec.js";
import { map } from "./tree.js";

/** A graph in the language of a device, its inputs and outputs in the graph's order. */
export interface LoweredGraph {
  /** An ONNX model in its binary form, or StableHLO as text. */
  code: Uint8Array;
  inputs: TensorInfo[];
  outputs: TensorInfo[];
}

/** All that running a program takes. */
export interface LoweredProgram extends LoweredGraph {
  /** What the traced function returned, a tree with a spec for every array. */
  returned: unknown;
}

const NEWLINE = 10;

/** A line of JSON, then the code. */
export const loweredProgram: Codec<LoweredProgram> = {
  encode: ({ code, inputs, outputs, returned }) => {
    const specs = map(returned, (spec) => formatSpec(spec as Spec));
    return Buffer.concat([Buffer.from(`${JSON.stringify({ inputs, outputs, returned: specs })}\n`), code]);
  },
  decode: (bytes) => {
    const end = bytes.indexOf(NEWLINE);
    const { inputs, outputs, returned } = JSON.parse(Buffer.from(bytes.subarray(0, end)).toString());
    return { code: bytes.slice(end + 1), inputs, outputs, returned: map(returned as unknown, parseSpec) };
  },
};

const formatSpec = ({ dtype, shape }: Spec): string => [dtype, ...shape].join(" ");

function parseSpec(text: unknown): Spec {
  const [dtype, ...shape] = String(text).split(" ");
  return new Spec(shape.map(Number), dtype as Spec["dtype"]);
}
