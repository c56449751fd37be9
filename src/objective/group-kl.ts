/** @file The rate of one latent group: KL divergence between its posterior and its prior (paper §2). */
import { numpy as np } from "@jax-js/jax";
import type { DiagonalGaussian } from "../model/latent.js";

/**
 * KL divergence between two diagonal Gaussians, summed over everything but the batch:
 *
 *     KL(q ‖ p) = ½ Σ ( ln σ²_p − ln σ²_q + (σ²_q + (μ_q − μ_p)²) / σ²_p − 1 )
 *
 * @param q - posterior, [N, Z, H, W]; consumed
 * @param p - prior, same shape; consumed
 * @returns [N], nats, at least 0 up to rounding
 */
export function gaussianKl(q: DiagonalGaussian, p: DiagonalGaussian): np.Array {
  const logRatio = np.log(p.variance.ref).sub(np.log(q.variance.ref)); // ln σ²_p / σ²_q
  const squaredDistance = np.square(q.mean.sub(p.mean));
  const scaled = q.variance.add(squaredDistance).div(p.variance);
  return logRatio.add(scaled).sub(1).sum([1, 2, 3]).mul(0.5); // [N]
}
