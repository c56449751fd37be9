/**
 * @file The polynomial in the complementary error function. The engine computes erfc with it, which ONNX lacks; likelihoods
 * compute the logarithm of the normal tail, where erfc itself would be 0.
 */

/**
 * Coefficients of P in erfc(x) = t · exp(−x² + P(t)) with t = 1 / (1 + x/2), for x ≥ 0, lowest degree first: relative error
 * below 1.2e-7 everywhere but for rounding (Numerical Recipes, 2nd ed., §6.2).
 */
export const ERFC_POLYNOMIAL: readonly number[] = [
  -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223,
  0.17087277,
];
