/**
 * @file Convolutions that are better matrix products.
 *
 * The gradient of a filter is traced as a convolution whose kernel is a whole image: x[C,N,H,W] * ct[O,N,H,W] → [C,O,3,3].
 * Convolution routines unfold such a kernel at enormous cost. Instead the few output positions are unfolded ("im2col"):
 * one gather of pixel rows from the padded NHWC image, and one product of [N·h·w, O] with [N·h·w, positions·C]. A kernel
 * that covers all of an unpadded image (1×1 convolutions of 1×1 images, filter gradients of 1×1 kernels) needs not even that.
 */
import { type Emit, type GraphBuilder, rewrite } from "../graph/builder.js";
import type { Atom, Equation, Graph, Interval } from "../graph/graph.js";
import { sizeOf } from "../spec.js";

export function convolutionsToProducts(graph: Graph): Graph {
  const indices = new Map<string, Atom>();
  return rewrite(graph, (equation, emit, builder) => {
    if (equation.op !== "conv" || equation.params.groups !== 1) return undefined;
    const [x, kernel] = equation.inputs;
    const { padding } = equation.params;
    const space = (atom: Atom) => atom.shape.slice(2);
    const positions = sizeOf(space(equation.outputs[0]));
    const unpadded = padding.every(([before, after]) => before === 0 && after === 0);
    if (positions === 1 && unpadded && sizeOf(space(kernel)) === sizeOf(space(x))) {
      return [wholeImageProduct(x, kernel, equation.outputs[0].shape, emit)];
    }
    if (sizeOf(space(kernel)) > positions) return [unfoldedProduct(equation, emit, builder, indices)];
    return undefined;
  });
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index);

/** [A, N, …] and [B, N, …] → [A, B, 1, …]. */
function wholeImageProduct(x: Atom, kernel: Atom, shape: readonly number[], emit: Emit): Atom {
  const axes = range(1, x.shape.length).map((axis) => [axis, axis] as const);
  const [product] = emit("dotGeneral", [x, kernel], { batch: [], contract: axes });
  return emit("reshape", [product], { shape })[0];
}

function unfoldedProduct(
  { inputs, params, outputs }: Equation<"conv">,
  emit: Emit,
  builder: GraphBuilder,
  indices: Map<string, Atom>,
): Atom {
  const [x, kernel] = inputs;
  const { strides, padding, dilation } = params;
  const [lhsChannels, rhsChannels, ...positions] = outputs[0].shape;
  const rank = x.shape.length;
  const channelsLast = [1, ...range(2, rank), 0];
  const none: Interval = [0, 0];
  const nhwc = emit("transpose", [x], { permutation: channelsLast })[0];
  const padded = emit("pad", [nhwc], { widths: [none, ...padding, none] })[0];
  const pixels = emit("reshape", [padded], { shape: [sizeOf(padded.shape.slice(0, -1)), lhsChannels] })[0];

  const [, batch, ...window] = kernel.shape;
  const layout: Unfolding = { batch, space: padded.shape.slice(1, -1), window, positions, strides, dilation };
  const key = JSON.stringify(layout);
  const rows = batch * sizeOf(window);
  const index = indices.get(key) ?? builder.constant(unfoldingIndex(layout), [rows, sizeOf(positions)], "int32");
  indices.set(key, index);

  const unfolded = emit("gather", [pixels, index], { axis: 0 })[0]; // [N·h·w, positions, A]
  const flatKernel = emit("transpose", [kernel], { permutation: channelsLast })[0];
  const weights = emit("reshape", [flatKernel], { shape: [rows, rhsChannels] })[0]; // [N·h·w, B]
  const [product] = emit("dotGeneral", [weights, unfolded], { batch: [], contract: [[0, 0]] }); // [B, positions, A]
  const [shaped] = emit("reshape", [product], { shape: [rhsChannels, ...positions, lhsChannels] });
  return emit("transpose", [shaped], { permutation: [rank - 1, 0, ...range(1, rank - 1)] })[0];
}

interface Unfolding {
  batch: number;
  /** Size of the padded image. */
  space: readonly number[];
  window: readonly number[];
  positions: readonly number[];
  strides: readonly number[];
  dilation: readonly number[];
}

/** Row of [N·space, C] that meets window element (n, y, x) at output position (i, j): n, i·stride + y·dilation, …. */
function unfoldingIndex({ batch, space, window, positions, strides, dilation }: Unfolding): Int32Array {
  const offsets = (counts: readonly number[], steps: readonly number[]): number[] =>
    counts.reduce(
      (rows, count, axis) => rows.flatMap((row) => range(0, count).map((at) => row * space[axis] + at * steps[axis])),
      [0],
    );
  const inWindow = offsets(window, dilation);
  const atPosition = offsets(positions, strides);
  const image = sizeOf(space);
  const index = new Int32Array(batch * inWindow.length * atPosition.length);
  let next = 0;
  for (let n = 0; n < batch; n++) {
    for (const offset of inWindow) {
      for (const position of atPosition) index[next++] = n * image + offset + position;
    }
  }
  return index;
}
