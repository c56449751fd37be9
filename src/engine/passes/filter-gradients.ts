/**
 * @file Gradients of filters, said as what they are.
 *
 * They are traced as a convolution whose kernel is a whole image, x[C,N,H,W] * cotangent[O,N,h,w] → [C,O,3,3]: the blocked
 * convolutions of a machine that has them run it at full speed, given both images in an order that they like.
 */
import { rewrite } from "../graph/builder.js";
import type { Equation, Graph } from "../graph/graph.js";
import { sizeOf } from "../spec.js";

/** @param block - channels to a block of the machine's blocked convolutions; 0 where it has none */
export const filterGradients =
  (block: number) =>
  (graph: Graph): Graph =>
    rewrite(graph, (equation, emit) => {
      if (equation.op !== "conv" || !isBlockedFilterGradient(equation, block)) return undefined;
      const [x, cotangent] = equation.inputs.map(
        (images) => emit("transpose", [images], { permutation: [1, 0, 2, 3] })[0],
      );
      return emit("filterGradient", [x, cotangent], { padding: equation.params.padding });
    });

function isBlockedFilterGradient({ inputs, params, outputs }: Equation<"conv">, block: number): boolean {
  const [, kernel] = inputs;
  const [window, image] = [outputs[0].shape.slice(2), kernel.shape.slice(2)];
  const single = [...params.strides, ...params.dilation].every((step) => step === 1);
  const plain = single && params.groups === 1 && !params.swapped && !params.mirrored;
  const blocks = block > 0 && kernel.shape[0] % block === 0 && window.length === 2 && sizeOf(window) > 1;
  return plain && blocks && sizeOf(image) > sizeOf(window);
}
