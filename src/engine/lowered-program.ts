/** @file What tracing and lowering make of a function, and the same as bytes, to be kept on disk. */
import type { Codec } from "./disk-cache.js";
import type { OnnxModel } from "./onnx/lower.js";
import { Spec } from "./spec.js";
import { map, type Tree } from "./tree.js";

/** All that running a program takes. */
export interface LoweredProgram extends OnnxModel {
  /** What the traced function returned, with a spec for every array. */
  returned: Tree<Spec>;
}

const NEWLINE = 10;

/** A line of JSON, then the model. */
export const loweredProgram: Codec<LoweredProgram> = {
  encode: ({ model, inputs, outputs, returned }) => {
    const specs = map(returned, ({ dtype, shape }) => [dtype, ...shape].join(" "));
    return Buffer.concat([Buffer.from(`${JSON.stringify({ inputs, outputs, returned: specs })}\n`), model]);
  },
  decode: (bytes) => {
    const end = bytes.indexOf(NEWLINE);
    const { inputs, outputs, returned } = JSON.parse(Buffer.from(bytes.subarray(0, end)).toString());
    return { model: bytes.slice(end + 1), inputs, outputs, returned: map(returned as Tree<string>, parseSpec) };
  },
};

function parseSpec(text: string): Spec {
  const [dtype, ...shape] = text.split(" ");
  return new Spec(shape.map(Number), dtype as Spec["dtype"]);
}
