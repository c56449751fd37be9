/** @file ONNX as a language to lower to. */
import { contractDots } from "../passes/contract-dots.js";
import { convolutionForms } from "../passes/convolution-forms.js";
import { convolutionsToProducts } from "../passes/convolutions-to-products.js";
import { removeDeadCode } from "../passes/dead-code.js";
import { filterGradients } from "../passes/filter-gradients.js";
import { hoist } from "../passes/hoist.js";
import { imageResampling } from "../passes/image-resampling.js";
import { pooling } from "../passes/pooling.js";
import { dropCheckpoints, rematerialise } from "../passes/rematerialise.js";
import { simplify } from "../passes/simplify.js";
import type { Target } from "../target.js";

/** @param block - channels to a block of the machine's blocked convolutions; 0 where it has none */
export const onnxTarget = (block: number): Target => ({
  key: `onnx ${block}`,
  passes: (rematerialised) => [
    removeDeadCode,
    ...(rematerialised ? [] : [dropCheckpoints]),
    simplify,
    contractDots,
    imageResampling,
    pooling,
    filterGradients(block),
    convolutionsToProducts,
    simplify,
    removeDeadCode,
    convolutionForms,
    removeDeadCode,
    hoist,
    ...(rematerialised ? [rematerialise] : []),
  ],
  lower: async (graph) => (await import("./lower.js")).lowerToOnnx(graph, block),
});
