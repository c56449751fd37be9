/** @file Likelihood of 8-bit images: under the Gaussian output, the mass of each byte's bin (paper eq. 5; evaluation only). */
import { numpy as np } from "@jax-js/jax";
import { ERFC_POLYNOMIAL } from "../erfc.js";
import { log1mexp } from "./log1mexp.js";

/** Half the distance of two byte levels, 2/255, on the scale of the images. */
const HALF_BIN = 1 / 255;

/** Bytes 0 and 255 are recognised by lying this close to −1 and 1. */
const EDGE = 0.999;

/** Log-variances are taken within ± this, and distances within this many deviations, so that their squares stay finite. */
const LARGEST_LOG_VARIANCE = 80;
const LARGEST_DISTANCE = 1e18;

/** Bins whose half-width in deviations is below this are integrated by series. */
const WIDE = 0.05;

/**
 * M(z) = ln Q(z) + z²/2 for z ≥ 0, with Q the upper tail of the standard normal: all but the square, so that it never under- or
 * overflows, as erfc itself would. Q(z) = erfc(z/√2) / 2.
 */
function logTailFactor(z: np.Array): np.Array {
  const t = np.reciprocal(z.mul(Math.SQRT1_2 / 2).add(1));
  const series = ERFC_POLYNOMIAL.slice(0, -1).reduceRight(
    (sum: np.Array, coefficient) => sum.mul(t.ref).add(coefficient),
    np.full(t.shape, ERFC_POLYNOMIAL.at(-1)!),
  );
  return np.log(t).add(series).sub(Math.LN2);
}

/** ln Q(z), any sign: M(z) − z²/2 above 0, and 1 − Q(−z) below. */
function logUpperTail(z: np.Array): np.Array {
  const size = np.minimum(np.absolute(z.ref), LARGEST_DISTANCE);
  const outer = logTailFactor(size.ref).sub(np.square(size).mul(0.5)); // ln Q(|z|)
  return np.where(np.less(z, 0), log1mexp(outer.ref.neg()), outer);
}

/**
 * Log-mass of [t − h, t + h] under the standard normal where h is small: density at the centre, times 2h, times what its slope and
 * its curvature add,
 *
 *     ln φ(t) + ln 2h + ln( sinh(th) / th ) − h²/6
 */
function logMassOfNarrowBin(t: np.Array, h: np.Array): np.Array {
  const narrow = np.minimum(h, WIDE);
  const slope = t.ref.mul(narrow.ref);
  const near = np.square(np.minimum(slope.ref, 0.6));
  const series = near.ref
    .mul(1 / 2835)
    .sub(1 / 180)
    .mul(near.ref)
    .add(1 / 6)
    .mul(near);
  const large = np.maximum(slope.ref, 0.6);
  const closed = large.ref.add(log1mexp(large.ref.mul(2))).sub(np.log(large.mul(2)));
  const logDensity = np
    .square(t)
    .add(Math.log(2 * Math.PI))
    .mul(-0.5);
  const curvature = np.square(narrow.ref).mul(1 / 6);
  return logDensity
    .add(np.log(narrow.mul(2)))
    .add(np.where(np.less(slope, 0.6), series, closed))
    .sub(curvature);
}

/**
 * Log-mass of [t − h, t + h], t ≥ 0, by tails: 1 − Q(h + t) − Q(h − t) where the bin holds 0, else Q(t − h) − Q(t + h) with the
 * square taken out,
 *
 *     −(t − h)²/2 + M(t − h) + ln(1 − e^{−(2th + M(t − h) − M(t + h))})
 */
function logMassByTails(t: np.Array, h: np.Array): np.Array {
  const low = np.absolute(t.ref.sub(h.ref));
  const high = t.ref.add(h.ref);
  const [factorLow, factorHigh] = [logTailFactor(low.ref), logTailFactor(high.ref)];
  const logLow = factorLow.ref.sub(np.square(low).mul(0.5));
  const logHigh = factorHigh.ref.sub(np.square(high).mul(0.5));
  const outsideMass = np.exp(logLow.ref).add(np.exp(logHigh));
  const holdsZero = np.log(np.maximum(outsideMass.neg().add(1), 1e-7));
  const drop = t.ref.mul(h.ref).mul(2).add(factorLow).sub(factorHigh); // ln Q(t − h) − ln Q(t + h)
  return np.where(np.less(t, h), holdsZero, logLow.add(log1mexp(drop)));
}

/**
 * Log-mass of every byte's bin under its Gaussian, with Φ the standard normal distribution function:
 *
 *     ln( Φ((x + 1/255 − μ) / σ) − Φ((x − 1/255 − μ) / σ) )        bins of bytes 0 and 255 open to ∓∞
 *
 * Float32-accurate and finite for any finite input: no two nearly equal numbers are subtracted, in no tail.
 *
 * @param images - exact byte levels k / 127.5 − 1; consumed
 * @param mean - μ, same shape; consumed
 * @param logVariance - ln σ², same shape, taken within ±80; consumed
 * @returns same shape, nats, at most 0
 */
export function gaussianLogBinMass(images: np.Array, mean: np.Array, logVariance: np.Array): np.Array {
  const inverse = np.exp(np.clip(logVariance, -LARGEST_LOG_VARIANCE, LARGEST_LOG_VARIANCE).mul(-0.5)); // 1 / σ
  const atLowest = np.less(images.ref, -EDGE);
  const atEdge = np.greater(np.absolute(images.ref), EDGE);
  const centred = images.sub(mean);
  const inner = np.where(atLowest, centred.ref.neg(), centred.ref).sub(HALF_BIN); // from the mean out to an open bin's one end
  const open = logUpperTail(inner.mul(inverse.ref));
  const t = np.minimum(np.absolute(centred).mul(inverse.ref), LARGEST_DISTANCE);
  const h = inverse.mul(HALF_BIN);
  const narrow = logMassOfNarrowBin(t.ref, h.ref);
  const closed = np.where(np.less(h.ref, WIDE), narrow, logMassByTails(t, h));
  return np.where(atEdge, open, closed);
}

/**
 * Log-likelihood of 8-bit images given the latents, ln p(x|z) = Σ_d {@link gaussianLogBinMass}. The bound on the negative
 * log-likelihood in bits per dimension is (−ln p(x|z) + K) / (D ln 2).
 *
 * @param output - [N, 6, H, W]: mean and log-variance; consumed
 * @param images - [N, 3, H, W], exact byte levels; consumed
 * @returns [N], nats summed over all D dimensions
 */
export function gaussianLogLikelihood(output: np.Array, images: np.Array): np.Array {
  const [mean, logVariance] = np.split(output, 2, 1);
  return gaussianLogBinMass(images, mean, logVariance).sum([1, 2, 3]);
}
