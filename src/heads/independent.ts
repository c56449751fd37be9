/** @file The independent head: given the latents, no pixel tells of another. */
import type { numpy as np } from "@jax-js/jax";
import { swish } from "../engine/primitives.js";
import type { ParameterSpec } from "../model/index.js";
import { type Affine, convolutionParameters, convolveAffine } from "../model/layers.js";
import { type Context, contextOf, contextParameters, names, WIDTH } from "./context.js";
import { MIXTURE_CHANNELS, mixtureAround, type PixelHead } from "./head.js";

type Independent<T> = { context: Context<T>; output: Affine<T> };

/**
 * A few residual blocks, then a mixture of logistics for every pixel, its colours one after another:
 *
 *     p(x | z) = Π_i p(x_i | z)
 *
 * All pixels are drawn at once.
 */
export const independentHead: PixelHead<Independent<ParameterSpec>> = {
  parameters: (shape) => ({
    context: contextParameters(shape),
    output: convolutionParameters(names, { from: WIDTH, to: MIXTURE_CHANNELS, kernel: 1 }),
  }),
  context: (parameters: Independent<np.Array>, decoded) => contextOf(parameters.context, decoded),
  mixture: ({ output }: Independent<np.Array>, { context, mean, images }) => {
    images.dispose();
    return mixtureAround(convolveAffine(output, swish(context)), mean);
  },
  wave: () => 0,
};
