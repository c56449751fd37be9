/** @file The plain layers: convolution, dense layer, pooling, upsampling. Parameters are borrowed, activations consumed. */
import { lax, numpy as np } from "@jax-js/jax";
import { type ForeignName, type Initialiser, ParameterSpec } from "./parameter.js";

/** A convolution's kernel [O, I, k, k] or a dense layer's matrix [O, I], and its bias [O]. */
export type Affine<T> = { weight: T; bias: T };

/** Weight and bias of a layer from `shape[1]` to `shape[0]` channels. */
function affineParameters(names: ForeignName, shape: number[], init: Initialiser): Affine<ParameterSpec> {
  const parts = names.parts({ weight: { torch: "weight", flax: "kernel" }, bias: "bias" });
  return {
    weight: new ParameterSpec(shape, init, parts.weight),
    bias: new ParameterSpec([shape[0]], { kind: "zeros" }, parts.bias),
  };
}

/** A convolution's parameters: kernels Glorot uniform, times `scale`. */
export function convolutionParameters(
  names: ForeignName,
  { from, to, kernel, scale = 1 }: { from: number; to: number; kernel: number; scale?: number },
): Affine<ParameterSpec> {
  return affineParameters(names, [to, from, kernel, kernel], { kind: "glorot-uniform", scale });
}

/** A dense layer's parameters: LeCun normal, unless it is to start otherwise. */
export function denseParameters(
  names: ForeignName,
  { from, to, init = { kind: "lecun-normal" } }: { from: number; to: number; init?: Initialiser },
): Affine<ParameterSpec> {
  return affineParameters(names, [to, from], init);
}

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
