/**
 * @file What a diffusion model's steps would carry, for comparison with a hierarchy's groups (paper Figure 2): not of a trained
 * model, but in closed form for Gaussian data with the spectrum of a set of images.
 */
import { type ImageSet, imageReader, spreadIndices } from "../../data/image-set.js";
import { pixelValue } from "../../io/pixels.js";

/** The noise schedule of Ho et al., "Denoising Diffusion Probabilistic Models" (2020), §4: β rises linearly from β_1 to β_T. */
const DIFFUSION_SCHEDULE = { name: "linear", steps: 1000, firstBeta: 1e-4, lastBeta: 0.02 } as const;

/** Images that the spectrum is estimated from, at most: its entries are then right to some 5 %, their sum much better. */
const SPECTRUM_IMAGES = 1000;

/** Plain data, as `metrics.json` has it. */
export interface DiffusionInformation {
  /** What the curve is, in words. */
  label: string;
  schedule: typeof DIFFUSION_SCHEDULE;
  /** Part of the information about the image after t = T, T − 1, … 1, [T], in [0, 1]. */
  cumulativeShare: number[];
  /** I(x; x_1), all that the steps carry; nats an image. */
  informationNats: number;
}

/**
 * Information about an image in the states of a diffusion process, in the order in which they are sampled. For Gaussian data
 * with eigenvalues λ_j of the covariance, x_t = √ᾱ_t x + √(1 − ᾱ_t) ε says of x
 *
 *     I(x; x_t) = ½ Σ_j ln(1 + SNR_t λ_j)        SNR_t = ᾱ_t / (1 − ᾱ_t),  ᾱ_t = Π_{s ≤ t} (1 − β_s)
 *
 * which is the sum of the KL terms of all steps down to t + 1 when the model's posteriors are exact: the states form a Markov
 * chain, so that each adds what the ones before it did not say. Data that are not Gaussian carry less.
 *
 * @param spectrum - λ_j, at least 0, of images in [−1, 1]; as from {@link imageSpectrum}
 */
export function diffusionInformation(spectrum: Float64Array): DiffusionInformation {
  const nats = signalToNoise()
    .map((snr) => spectrum.reduce((sum, eigenvalue) => sum + Math.log1p(snr * eigenvalue), 0) / 2)
    .reverse();
  const informationNats = nats[nats.length - 1];
  return {
    label: `diffusion, ${DIFFUSION_SCHEDULE.name} schedule, closed form for Gaussian data`,
    schedule: DIFFUSION_SCHEDULE,
    cumulativeShare: nats.map((value) => (informationNats > 0 ? value / informationNats : 0)),
    informationNats,
  };
}

/** SNR_t for t = 1 … T. */
export function signalToNoise({ steps, firstBeta, lastBeta } = DIFFUSION_SCHEDULE): number[] {
  let kept = 1; // ᾱ_t
  return Array.from({ length: steps }, (_, t) => {
    kept *= 1 - (firstBeta + ((lastBeta - firstBeta) * t) / (steps - 1));
    return kept / (1 - kept);
  });
}

/**
 * Eigenvalues of the covariance of a set's images, in [−1, 1], taken as stationary: in the basis of the two-dimensional cosine
 * transform (orthonormal, DCT-II) different frequencies are treated as uncorrelated, and of each one the 3×3 covariance of the
 * colours is diagonalised exactly. The full covariance would be a matrix of 3R² rows; leaving out what correlates frequencies
 * makes the information come out slightly higher (Hadamard's inequality), never lower.
 *
 * @param images - up to 1,000 are used, at equal distances
 * @returns [3R²], at least 0, three for each frequency, row by row
 */
export function imageSpectrum(images: Pick<ImageSet, "images" | "count" | "resolution">): Float64Array {
  const { resolution } = images;
  const chosen = spreadIndices(images.count, SPECTRUM_IMAGES);
  const [plane, count] = [resolution ** 2, chosen.length];
  const read = imageReader(images);
  const transform = cosineTransform(resolution);
  const sums = new Float64Array(3 * plane);
  const products = COLOUR_PAIRS.map(() => new Float64Array(plane));
  for (const index of chosen) {
    const image = read(index);
    const colours = [0, 1, 2].map((colour) => transform(image.subarray(colour * plane, (colour + 1) * plane)));
    colours.forEach((coefficients, colour) => {
      for (let f = 0; f < plane; f++) sums[colour * plane + f] += coefficients[f];
    });
    COLOUR_PAIRS.forEach(([a, b], pair) => {
      for (let f = 0; f < plane; f++) products[pair][f] += colours[a][f] * colours[b][f];
    });
  }
  const spectrum = new Float64Array(3 * plane);
  for (let f = 0; f < plane; f++) {
    const mean = (colour: number) => sums[colour * plane + f] / count;
    const covariance = COLOUR_PAIRS.map(([a, b], pair) => products[pair][f] / count - mean(a) * mean(b));
    spectrum.set(
      threeEigenvalues(covariance).map((eigenvalue) => Math.max(eigenvalue, 0)),
      3 * f,
    );
  }
  return spectrum;
}

/** Entries of a symmetric 3×3 matrix that say all of it. */
const COLOUR_PAIRS = [
  [0, 0],
  [1, 1],
  [2, 2],
  [0, 1],
  [0, 2],
  [1, 2],
] as const;

/** The orthonormal two-dimensional DCT-II of one colour of an image, bytes to coefficients of values in [−1, 1]. */
function cosineTransform(side: number): (plane: Uint8Array) => Float64Array {
  const basis = new Float64Array(side * side); // [frequency, position]
  for (let k = 0; k < side; k++) {
    const norm = Math.sqrt((k === 0 ? 1 : 2) / side);
    for (let n = 0; n < side; n++) basis[k * side + n] = norm * Math.cos((Math.PI * k * (n + 0.5)) / side);
  }
  return (plane) => {
    const values = Float64Array.from(plane, pixelValue);
    return timesTransposed(basis, timesTransposed(basis, values, side), side); // B (B Xᵀ)ᵀ = B X Bᵀ
  };
}

/** A Bᵀ of square matrices, row by row. */
function timesTransposed(a: Float64Array, b: Float64Array, side: number): Float64Array {
  const result = new Float64Array(side * side);
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      let sum = 0;
      for (let i = 0; i < side; i++) sum += a[row * side + i] * b[column * side + i];
      result[row * side + column] = sum;
    }
  }
  return result;
}

/**
 * Eigenvalues of a symmetric 3×3 matrix by the trigonometric solution of its characteristic cubic (Smith, CACM 4, 1961), the
 * largest first.
 *
 * @param entries - [xx, yy, zz, xy, xz, yz]
 */
export function threeEigenvalues([xx, yy, zz, xy, xz, yz]: readonly number[]): [number, number, number] {
  const mean = (xx + yy + zz) / 3;
  const [a, b, c] = [xx - mean, yy - mean, zz - mean];
  const spread = Math.sqrt((a * a + b * b + c * c + 2 * (xy * xy + xz * xz + yz * yz)) / 6);
  if (spread === 0) return [mean, mean, mean];
  const determinant = a * (b * c - yz * yz) - xy * (xy * c - yz * xz) + xz * (xy * yz - b * xz);
  const angle = Math.acos(Math.min(Math.max(determinant / (2 * spread ** 3), -1), 1)) / 3;
  const largest = mean + 2 * spread * Math.cos(angle);
  const smallest = mean + 2 * spread * Math.cos(angle + (2 * Math.PI) / 3);
  return [largest, 3 * mean - largest - smallest, smallest];
}
