/** @file Self-attention over the pixels of an image (paper §2), and where in a level it stands. */
import { nn, numpy as np } from "@jax-js/jax";
import { roundHalfToEven } from "../rounding.js";
import { type Affine, dense, denseParameters } from "./layers.js";
import type { ForeignName, ParameterSpec } from "./parameter.js";

/** Fused query-key projection and fused value-output projection, both [c, c]. */
export type Attention<T> = { query: Affine<T>; output: Affine<T> };

/** An attention layer's parameters. The output projection starts at 0, and so the layer as the identity. */
export function attentionParameters(names: ForeignName, channels: number): Attention<ParameterSpec> {
  const parts = names.parts({
    query: { torch: "qproj", flax: "Dense_0" },
    output: { torch: "outproj", flax: "Dense_1" },
  });
  return {
    query: denseParameters(parts.query, { from: channels, to: channels }),
    output: denseParameters(parts.output, { from: channels, to: channels, init: { kind: "zeros" } }),
  };
}

/**
 * Single-head attention over the pixels as tokens x [T, C]:
 *
 *     softmax( (x W_q + b_q) xᵀ / √C ) x W_o + b_o
 *
 * One head needs no more: W_q stands for the product of query and key projection, W_o for that of value and output.
 *
 * @param x - [N, C, H, W]; consumed
 * @returns [N, C, H, W]
 */
export function attend({ query, output }: Attention<np.Array>, x: np.Array): np.Array {
  const [n, c, h, w] = x.shape;
  const tokens = x.reshape([n, c, h * w]).transpose([0, 2, 1]); // [N, T, C]
  const queries = dense(query, tokens.ref.reshape([n * h * w, c])).reshape([n, h * w, c]);
  const scores = np.matmul(queries, tokens.ref.transpose([0, 2, 1])).mul(1 / Math.sqrt(c)); // [N, T, T]
  const mixed = np.matmul(nn.softmax(scores, -1), tokens); // [N, T, C]
  const projected = dense(output, mixed.reshape([n * h * w, c])).reshape([n, h * w, c]);
  return projected.transpose([0, 2, 1]).reshape([n, c, h, w]);
}

/** The same with a residual connection, x + attend(x): [N, C, H, W] → [N, C, H, W]. Consumes x. */
export const attention = (parameters: Attention<np.Array>, x: np.Array): np.Array => x.ref.add(attend(parameters, x));

/** Evenly spaced places `round(N / (K + 1) · i)`, i = 1 … K, halves rounded to even; equal ones may occur. */
export function evenlySpaced(length: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => roundHalfToEven((length / (count + 1)) * (i + 1)));
}

/**
 * Indices (from 0) of the blocks that an attention layer follows.
 *
 * The same places count blocks from 0 in the encoder and stochastic layers from 1 in the generator, as published; places
 * that coincide, or that no block has, hold no layer of their own.
 */
export function attentionPlaces(length: number, count: number): { encoder: number[]; generator: number[] } {
  const places = [...new Set(evenlySpaced(length, count))];
  const existing = (indices: number[]) => indices.filter((index) => index >= 0 && index < length);
  return { encoder: existing(places), generator: existing(places.map((place) => place - 1)) };
}
