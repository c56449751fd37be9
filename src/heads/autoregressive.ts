/** @file The autoregressive head: pixel after pixel, each given the latents and the pixels before it (as PixelCNN++, Salimans et al. 2017). */
import { numpy as np } from "@jax-js/jax";
import { checkpoint, swish } from "../engine/primitives.js";
import type { ParameterSpec } from "../model/index.js";
import { type Affine, convolutionParameters, convolveAffine } from "../model/layers.js";
import { causalConvolution, waveOfPixel } from "./causal-convolution.js";
import { type Context, contextOf, contextParameters, names, WIDTH } from "./context.js";
import { MIXTURE_CHANNELS, mixtureAround, type PixelHead } from "./head.js";

/** `context` brings in what the decoder says. */
type CausalBlock<T> = { causal: Affine<T>; context: Affine<T>; output: Affine<T> };
type Autoregressive<T> = { context: Context<T>; input: Affine<T>; blocks: CausalBlock<T>[]; output: Affine<T> };

/** Each sees one pixel further: seven to the left, seven rows up. */
const BLOCKS = 6;
/** The image, how far it is from the decoder's mean, and a channel of ones, which tells the picture from what lies round it. */
const INPUT_CHANNELS = 7;

/**
 * h + W₂ swish( causal(swish(h)) + W_c c )
 *
 * @param h - [N, W, R, R]; consumed
 * @param context - c, [N, W, R, R]; borrowed
 */
function causalBlock({ causal, context: condition, output }: CausalBlock<np.Array>, h: np.Array, context: np.Array) {
  const x = checkpoint(h);
  const seen = causalConvolution(causal, swish(x.ref), { itself: true });
  return x.add(convolveAffine(output, swish(seen.add(convolveAffine(condition, context.ref)))));
}

/**
 * The context of the independent head, and a stack of causal convolutions over the image, which say together the mixture of
 * every pixel; its colours depend on one another within the mixture:
 *
 *     p(x | z) = Π_i p(x_i | x_{<i}, z)
 */
export const autoregressiveHead: PixelHead<Autoregressive<ParameterSpec>> = {
  parameters: (shape) => ({
    context: contextParameters(shape),
    input: convolutionParameters(names, { from: INPUT_CHANNELS, to: WIDTH, kernel: 3 }),
    blocks: Array.from({ length: BLOCKS }, () => ({
      causal: convolutionParameters(names, { from: WIDTH, to: WIDTH, kernel: 3 }),
      context: convolutionParameters(names, { from: WIDTH, to: WIDTH, kernel: 1 }),
      output: convolutionParameters(names, { from: WIDTH, to: WIDTH, kernel: 1, scale: 1 / Math.sqrt(BLOCKS) }),
    })),
    output: convolutionParameters(names, { from: 2 * WIDTH, to: MIXTURE_CHANNELS, kernel: 1 }),
  }),
  context: (parameters: Autoregressive<np.Array>, decoded) => contextOf(parameters.context, decoded),
  mixture: ({ input, blocks, output }: Autoregressive<np.Array>, { context, mean, images }) => {
    const [batch, , height, width] = images.shape;
    const known = np.concatenate([images.ref, images.sub(mean.ref), np.ones([batch, 1, height, width])], 1);
    const start = causalConvolution(input, known, { itself: false });
    const seen = blocks.reduce((h, block) => causalBlock(block, h, context), start);
    return mixtureAround(convolveAffine(output, swish(np.concatenate([seen, context], 1))), mean);
  },
  wave: waveOfPixel,
};
