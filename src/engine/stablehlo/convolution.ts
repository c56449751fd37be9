/** @file Convolutions: of images, and of a filter's gradient. */
import type { Equation, Operations } from "../graph/graph.js";
import type { FunctionBody, Tensor } from "./function-body.js";
import { type ArrayType, booleans, integers, paddings } from "./text.js";

/** [N, C, …] and [O, C, …] → [N, O, …], then the bias, then without negative numbers. */
export function convolution({ inputs, params, outputs }: Equation<"conv">, body: FunctionBody): Tensor {
  const [x, kernel, bias] = inputs.map((input) => body.tensor(input));
  const axes = { image: "b, f", kernel: params.swapped ? "i, o" : "o, i" };
  const [type] = outputs;
  const convolved = convolve([x, kernel], type, axes, params, body);
  const shifted = bias
    ? body.operation("stablehlo.add", [convolved, body.broadcastAlong(bias, type.shape, [1])], type)
    : convolved;
  return params.rectified ? body.operation("stablehlo.maximum", [shifted, body.filled(0, type)], type) : shifted;
}

/** x [N, C, …] and cotangent [N, O, …] → [C, O, …]: images in place of channels, channels in place of images. */
export function filterGradient({ inputs, params, outputs }: Equation<"filterGradient">, body: FunctionBody): Tensor {
  const operands = inputs.map((input) => body.tensor(input));
  const single = params.padding.map(() => 1);
  const settings = { padding: params.padding, strides: single, dilation: single, groups: 1, mirrored: false };
  return convolve(operands, outputs[0], { image: "f, b", kernel: "i, o" }, settings, body);
}

/** @param axes - the roles of the first two axes of either operand; those of the result are [images, channels, …] */
function convolve(
  operands: readonly Tensor[],
  type: ArrayType,
  axes: { image: string; kernel: string },
  { strides, padding, dilation, groups, mirrored }: Omit<Operations["conv"], "swapped" | "rectified">,
  body: FunctionBody,
): Tensor {
  const space = strides.map((_, axis) => axis).join(", ");
  return body.operation("stablehlo.convolution", operands, type, {
    dimension_numbers: `#stablehlo.conv<[${axes.image}, ${space}]x[${axes.kernel}, ${space}]->[b, f, ${space}]>`,
    window_strides: integers(strides),
    padding: paddings(padding),
    rhs_dilation: integers(dilation),
    ...(mirrored ? { window_reversal: booleans(strides.map(() => true)) } : {}),
    feature_group_count: `${groups} : i64`,
    batch_group_count: "1 : i64",
    ...body.precisionConfig(operands[0]),
  });
}
