/** @file Spectral regularisation: the largest singular value of a convolution, by power iteration (paper App. B.1). */
import { lax, numpy as np } from "@jax-js/jax";

/** Below this squared length a vector has no direction: the prior's last convolution starts at zero. */
const LEAST_SQUARED_LENGTH = 1e-30;

/** x / |x|, or `otherwise` when x vanishes. Consumes both. */
function normalise(x: np.Array, otherwise: np.Array | number): np.Array {
  const squaredLength = np.square(x.ref).sum();
  const vanishes = np.less(squaredLength.ref, LEAST_SQUARED_LENGTH);
  const length = np.sqrt(np.maximum(squaredLength, LEAST_SQUARED_LENGTH));
  return np.where(vanishes, otherwise, x.div(length));
}

/** Wᵀu, [I, kh, kw], from the kernel [I, O, kh, kw] and u [O]. Consumes both. */
const overOutputs = (kernel: np.Array, u: np.Array): np.Array => kernel.mul(u.reshape([1, -1, 1, 1])).sum(1);

/** W v, [O], from the kernel [I, O, kh, kw] and v [I, kh, kw]. Consumes both. */
function overInputs(kernel: np.Array, v: np.Array): np.Array {
  const [inputs, , height, width] = kernel.shape;
  return kernel.mul(v.reshape([inputs, 1, height, width])).sum([0, 2, 3]);
}

/**
 * One step of power iteration on W, the kernel as a [O, I·kh·kw] matrix, and the singular value that it estimates:
 *
 *     v = Wᵀu / |Wᵀu|        u' = W v / |W v|        σ = u'ᵀ W v
 *
 * u' and v are constants in the gradient, so ∂σ/∂W = u' vᵀ. A zero kernel has σ = 0 and leaves u as it is, ready for when
 * the kernel has grown.
 *
 * Differs from the authors: their PyTorch term has no gradient and scrambles the matrix, their JAX code starts every step
 * from the same random u and differentiates through the iteration.
 *
 * @param weight - kernel [O, I, kh, kw]; consumed
 * @param u - [O], the vector left by the step before, of any non-zero length; consumed
 * @returns `sigma`, scalar, a lower bound of σ_max(W); `u`, the unit vector to keep for the next step, [O]
 */
export function spectralNorm(weight: np.Array, u: np.Array): { sigma: np.Array; u: np.Array } {
  const kernel = weight.transpose([1, 0, 2, 3]); // [I, O, kh, kw]: as gradients of kernels come
  const fixed = lax.stopGradient(kernel.ref);
  const before = lax.stopGradient(u);
  const v = normalise(overOutputs(fixed.ref, before.ref), 0);
  const after = normalise(overInputs(fixed, v.ref), before); // u'
  const sigma = overInputs(kernel, v).mul(after.ref).sum();
  return { sigma, u: after };
}
