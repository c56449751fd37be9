/** @file Self-attention over the pixels of an image. */
import { nn, numpy as np } from "@jax-js/jax";
import { dense } from "./layers.js";
import type { Attention } from "./parameters.js";

/**
 * Single-head attention with a residual connection, over the pixels as tokens x [T, C]:
 *
 *     x + softmax( (x W_q + b_q) xᵀ / √C ) x W_o + b_o
 *
 * One head needs no more: W_q stands for the product of query and key projection, W_o for that of value and output.
 *
 * @param x - [N, C, H, W]; consumed
 * @returns [N, C, H, W]
 */
export function attention({ query, output }: Attention<np.Array>, x: np.Array): np.Array {
  const [n, c, h, w] = x.shape;
  const tokens = x.ref.reshape([n, c, h * w]).transpose([0, 2, 1]); // [N, T, C]
  const queries = dense(query, tokens.ref.reshape([n * h * w, c])).reshape([n, h * w, c]);
  const scores = np.matmul(queries, tokens.ref.transpose([0, 2, 1])).mul(1 / Math.sqrt(c)); // [N, T, T]
  const mixed = np.matmul(nn.softmax(scores, -1), tokens); // [N, T, C]
  const projected = dense(output, mixed.reshape([n * h * w, c])).reshape([n, h * w, c]);
  return x.add(projected.transpose([0, 2, 1]).reshape([n, c, h, w]));
}
