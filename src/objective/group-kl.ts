/** @file The rate of one latent group: KL divergence between its posterior and its prior (paper §2), and what one draw says of it. */
import { numpy as np } from "@jax-js/jax";
import type { DiagonalGaussian } from "../model/latent.js";

/**
 * Twice the KL divergence between the Gaussians of every dimension; consumes both.
 *
 *     2 KL(q ‖ p) = ln σ²_p − ln σ²_q + (σ²_q + (μ_q − μ_p)²) / σ²_p − 1
 */
function twiceKl(q: DiagonalGaussian, p: DiagonalGaussian): np.Array {
  const logRatio = np.log(p.variance.ref).sub(np.log(q.variance.ref)); // ln σ²_p / σ²_q
  const squaredDistance = np.square(q.mean.sub(p.mean));
  const scaled = q.variance.add(squaredDistance).div(p.variance);
  return logRatio.add(scaled).sub(1);
}

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
  return twiceKl(q, p).sum([1, 2, 3]).mul(0.5); // [N]
}

/** The same of every dimension apart, [N, Z, H, W]; consumes both. */
export function gaussianKlByDimension(q: DiagonalGaussian, p: DiagonalGaussian): np.Array {
  return twiceKl(q, p).mul(0.5);
}

/**
 * How much likelier z = μ_q + ε σ_q is under the posterior than under the prior, whose mean over ε is the KL divergence:
 *
 *     ln q(z) − ln p(z) = ½ Σ ( ln σ²_p − ln σ²_q + (z − μ_p)² / σ²_p − ε² )
 *
 * In terms of the noise, so that no two densities that are both far from 1 are subtracted.
 *
 * @param q - posterior, [N, Z, H, W]; consumed
 * @param p - prior, same shape; consumed
 * @param noise - ε, same shape; consumed
 * @returns [N], nats, of either sign
 */
export function logDensityRatio(q: DiagonalGaussian, p: DiagonalGaussian, noise: np.Array): np.Array {
  const logRatio = np.log(p.variance.ref).sub(np.log(q.variance.ref));
  const distance = q.mean.sub(p.mean).add(np.sqrt(q.variance).mul(noise.ref)); // z − μ_p
  return logRatio.add(np.square(distance).div(p.variance)).sub(np.square(noise)).sum([1, 2, 3]).mul(0.5);
}
