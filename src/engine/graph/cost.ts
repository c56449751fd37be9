/** @file What running a graph takes: multiplications and memory, counted from its equations. */
import { sizeOf } from "../spec.js";
import { type Atom, type Equation, type Graph, isLiteral, type Value } from "./graph.js";

/** Bytes of one element. */
const BYTES = { float32: 4, float64: 8, int32: 4, bool: 1, bfloat16: 2 } as const;

const bytesOf = (value: Value): number => sizeOf(value.shape) * BYTES[value.dtype];

/** Multiply-accumulates of all convolutions and products of matrices; elementwise work is not counted. */
export const multiplyAccumulates = (graph: Graph): number =>
  graph.equations.reduce((sum, equation) => sum + multiplyAccumulatesOf(equation), 0);

function multiplyAccumulatesOf({ op, params, inputs, outputs }: Equation): number {
  if (op === "conv") {
    const kernel = sizeOf(inputs[1].shape) / outputs[0].shape[1]; // each output sums a whole filter
    return sizeOf(outputs[0].shape) * kernel;
  }
  if (op === "filterGradient") return sizeOf(outputs[0].shape) * (sizeOf(inputs[1].shape) / inputs[1].shape[1]);
  if (op === "dot") return sizeOf(outputs[0].shape) * Math.max(inputs[0].shape.at(-1)!, inputs[1].shape.at(-1)!);
  if (op !== "dotGeneral") return 0;
  return params.contract.reduce((product, [left]) => product * inputs[0].shape[left], sizeOf(outputs[0].shape));
}

/**
 * Most bytes alive at once when the equations run in order and each array is freed after its last use: inputs and constants
 * throughout, a reshaped array as the one it came from. A runtime that reorders, pads or keeps arenas takes more.
 */
export function peakBytes(graph: Graph): number {
  const owners = new Map<Value, Value>();
  const ownerOf = (value: Value): Value => owners.get(value) ?? value;
  const lastUse = new Map<Value, number>();
  const use = (atom: Atom, position: number) => {
    if (!isLiteral(atom)) lastUse.set(ownerOf(atom), position);
  };
  graph.equations.forEach(({ op, inputs, outputs }, position) => {
    if ((op === "reshape" || op === "recompute") && !isLiteral(inputs[0])) owners.set(outputs[0], ownerOf(inputs[0]));
    for (const atom of [...inputs, ...outputs]) use(atom, position);
  });
  const forever = [...graph.inputs, ...graph.constants.keys()];
  for (const atom of [...forever, ...graph.outputs]) use(atom, graph.equations.length);

  let alive = forever.reduce((sum, value) => sum + bytesOf(value), 0);
  let peak = alive;
  graph.equations.forEach(({ inputs, outputs }, position) => {
    const born = outputs.filter((output) => !owners.has(output));
    alive += born.reduce((sum, output) => sum + bytesOf(output), 0);
    peak = Math.max(peak, alive);
    const used = new Set(
      [...inputs, ...outputs].filter((atom) => !isLiteral(atom)).map((atom) => ownerOf(atom as Value)),
    );
    for (const value of used) if (lastUse.get(value) === position) alive -= bytesOf(value);
  });
  return peak;
}
