/** @file What tracing and lowering make of a function, and the same as bytes, to be kept on disk. */
import type { Codec } from "./disk-cache.js";
import type { OnnxModel } from "./onnx/lower.js";
import { Spec } from "./spec.js";
import { map } from "./tree.js";

/** All that running a program takes. */
export interface LoweredProgram extends OnnxModel {
  /** What the traced function returned, a tree with a spec for every array. */
  returned: unknown;
}

const NEWLINE = 10;

/** A line of JSON, then the model. */
export const loweredProgram: Codec<LoweredProgram> = {
  encode: ({ model, inputs, outputs, returned }) => {
    const specs = map(returned, (spec) => formatSpec(spec as Spec));
    return Buffer.concat([Buffer.from(`${JSON.stringify({ inputs, outputs, returned: specs })}\n`), model]);
  },
  decode: (bytes) => {
    const end = bytes.indexOf(NEWLINE);
    const { inputs, outputs, returned } = JSON.parse(Buffer.from(bytes.subarray(0, end)).toString());
    return { model: bytes.slice(end + 1), inputs, outputs, returned: map(returned as unknown, parseSpec) };
  },
};

const formatSpec = ({ dtype, shape }: Spec): string => [dtype, ...shape].join(" ");

function parseSpec(text: unknown): Spec {
  const [dtype, ...shape] = String(text).split(" ");
  return new Spec(shape.map(Number), dtype as Spec["dtype"]);
}
