/** @file The small programs that a device is tested with. */
import { GraphBuilder } from "../graph/builder.js";
import { formatEquation, type Graph, type OperationName, Value } from "../graph/graph.js";
import { floats, kernels, type Sample } from "./kernels.js";

/** A program with its inputs. */
export interface Case {
  /** What it computes, for messages. */
  name: string;
  graph: Graph;
  inputs: readonly Sample[];
  /** Whether ONNX Runtime may rewrite it, as it may where weights are constant. */
  optimise: boolean;
  /** Deviation allowed, relative to the largest number of a result. */
  tolerance: number;
}

/** What sums in another order and exponentials of a few ULP explain. */
export const TOLERANCE = 2e-5;
/** WebGPU promises no more of these. */
const COARSE: Partial<Record<OperationName, number>> = { sin: 2e-3, cos: 2e-3, asin: 2e-3, atan: 2e-3 };

/** Every kernel by itself, storage, then a residual block of constant weights, whose operations ONNX Runtime fuses. */
export function testCases(): Case[] {
  const names = Object.keys(kernels) as (keyof typeof kernels)[];
  return [...names.flatMap(singleCases), ...[3, 8, 16].map(storage), residualBlock()];
}

/** The cases of one operation. */
const singleCases = (op: keyof typeof kernels): Case[] =>
  kernels[op].map(({ params, inputs }) => {
    const builder = new GraphBuilder();
    const values = inputs.map(({ shape, dtype }) => new Value(shape, dtype));
    const graph = builder.build(values, builder.emit(op, values, params));
    const tolerance = COARSE[op] ?? TOLERANCE;
    return { name: formatEquation(graph.equations[0]), graph, inputs, optimise: false, tolerance };
  });

/** A few that stand for the rest: convolutions, products, sums, rows by number, and a residual block. */
export function quickCases(): Case[] {
  const few: readonly (keyof typeof kernels)[] = ["conv", "dotGeneral", "reduce", "gather"];
  const single = few.map((op) => singleCases(op)[0]);
  return [...single, residualBlock()];
}

/** Images to storage and back. The order in storage is each device's own: a CPU's depends on its vector instructions. */
function storage(channels: number): Case {
  const builder = new GraphBuilder();
  const images = new Value([2, channels, 12, 12], "float32");
  const stored = builder.emit("toStorage", [images], {});
  const graph = builder.build([images], builder.emit("fromStorage", stored, { shape: images.shape }));
  const name = `images of ${channels} channels to storage and back`;
  return { name, graph, inputs: [floats(images.shape)], optimise: false, tolerance: TOLERANCE };
}

/** x + conv(conv(x σ(x))), 3×3 then 1×1. */
function residualBlock(): Case {
  const builder = new GraphBuilder();
  const x = new Value([2, 16, 8, 8], "float32");
  const weights = (...shape: number[]) =>
    builder.constant(floats(shape, -0.2, 0.2).data as Float32Array, shape, "float32");
  const [gate] = builder.emit("sigmoid", [x], {});
  const [swish] = builder.emit("mul", [x, gate], {});
  const settings = { strides: [1, 1], dilation: [1, 1], groups: 1, swapped: false, mirrored: false, rectified: false };
  const pad = (width: number) => [[width, width] as const, [width, width] as const];
  const [inner] = builder.emit("conv", [swish, weights(12, 16, 3, 3), weights(12)], { ...settings, padding: pad(1) });
  const [outer] = builder.emit("conv", [inner, weights(16, 12, 1, 1), weights(16)], { ...settings, padding: pad(0) });
  const graph = builder.build([x], builder.emit("add", [x, outer], {}));
  const name = "a residual block with constant weights";
  return { name, graph, inputs: [floats(x.shape)], optimise: true, tolerance: TOLERANCE };
}
