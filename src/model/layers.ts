/** @file The plain layers: convolution, dense layer, pooling, upsampling. Parameters are borrowed, activations consumed. */
import { lax, numpy as np } from "@jax-js/jax";
import type { Affine } from "./parameters.js";

/** Convolution "same" with zero padding and stride 1: [N, I, H, W] → [N, O, H, W] for a kernel [O, I, k, k], k odd. */
export function convolve(weight: np.Array, x: np.Array): np.Array {
  const pad = (weight.shape[2] - 1) / 2;
  return lax.convGeneralDilated(
    x,
    weight.ref,
    [1, 1],
    [
      [pad, pad],
      [pad, pad],
    ],
  );
}

/** Convolution with bias. */
export function convolveAffine({ weight, bias }: Affine<np.Array>, x: np.Array): np.Array {
  return convolve(weight, x).add(bias.ref.reshape([1, bias.shape[0], 1, 1]));
}

/** Dense layer x Wᵀ + b: [M, I] → [M, O]. */
export function dense({ weight, bias }: Affine<np.Array>, x: np.Array): np.Array {
  return np.matmul(x, weight.ref.transpose()).add(bias.ref);
}

/** Mean over blocks of factor × factor pixels: [N, C, H, W] → [N, C, H/factor, W/factor]. */
export function averagePool(x: np.Array, factor: number): np.Array {
  const [n, c, h, w] = x.shape;
  return x.reshape([n, c, h / factor, factor, w / factor, factor]).mean([3, 5]);
}

/** Every pixel repeated factor × factor times: [N, C, H, W] → [N, C, H·factor, W·factor]. */
export function upsampleNearest(x: np.Array, factor: number): np.Array {
  const [n, c, h, w] = x.shape;
  const repeated = np.broadcastTo(x.reshape([n, c, h, 1, w, 1]), [n, c, h, factor, w, factor]);
  return repeated.reshape([n, c, h * factor, w * factor]);
}
