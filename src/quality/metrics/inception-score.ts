/** @file The Inception score: how sure a classifier is of each picture, and how many classes it sees in all. */
import { UserError } from "../../errors.js";
import { meanAndDeviation } from "./vectors.js";

/** The mean score over the splits, and its deviation. */
export interface InceptionScore {
  /** Mean of the parts: from 1 to the number of classes. */
  score: number;
  parts: number[];
  /** Of the parts, divisor their number; 0 for a single one. */
  standardDeviation: number;
}

/** How {@link inceptionScore} divides the samples. */
export interface InceptionScoreOptions {
  /** What the values are: softmax is taken of logits, in float64. Default: probabilities. */
  from?: "probabilities" | "logits";
  /** Pictures to a part; the last may be short. 5,000 is what the evaluator of guided-diffusion has. */
  split?: number;
}

/**
 * The mean over consecutive parts of exp E KL(p(y|x) ‖ p(y)) (Salimans et al. 2016, §4), where
 *
 *     E KL(p(y|x) ‖ p(y)) = E Σ p(y|x) ln p(y|x) − Σ p(y) ln p(y)        p(y) = E p(y|x), 0 ln 0 = 0
 *
 * @param values - [N, classes]
 * @throws UserError for no pictures, or probabilities that are negative or do not sum to one; RangeError for no whole rows
 */
export function inceptionScore(
  values: Float32Array | Float64Array,
  classes: number,
  { from = "probabilities", split = 5000 }: InceptionScoreOptions = {},
): InceptionScore {
  const count = values.length / classes;
  if (!Number.isInteger(count))
    throw new RangeError(`Expected rows of ${classes} classes, got ${values.length} numbers.`);
  if (count === 0) throw new UserError("too-few-images", "The Inception score: expected at least 1 picture, got none.");
  const read = from === "logits" ? softmax : checked;
  const parts: number[] = [];
  for (let first = 0; first < count; first += split) {
    const last = Math.min(count, first + split);
    const marginal = new Float64Array(classes);
    const row = new Float64Array(classes);
    let negativeEntropy = 0; // Σ p ln p over all pictures
    for (let picture = first; picture < last; picture++) {
      read(values, picture, row);
      for (let i = 0; i < classes; i++) marginal[i] += row[i];
      negativeEntropy += sumOfLogarithms(row);
    }
    const pictures = last - first;
    const divergence = negativeEntropy / pictures - sumOfLogarithms(marginal.map((sum) => sum / pictures));
    parts.push(Math.exp(divergence));
  }
  const { mean, standardDeviation } = meanAndDeviation(parts);
  return { score: mean, parts, standardDeviation };
}

/** Σ p ln p. */
const sumOfLogarithms = (p: Float64Array): number => p.reduce((sum, x) => (x > 0 ? sum + x * Math.log(x) : sum), 0);

/** exp(l − max l) / Σ of a picture's logits, into `row`. */
function softmax(logits: Float32Array | Float64Array, picture: number, row: Float64Array): void {
  const start = picture * row.length;
  let [most, sum] = [Number.NEGATIVE_INFINITY, 0];
  for (let i = 0; i < row.length; i++) most = Math.max(most, logits[start + i]);
  for (let i = 0; i < row.length; i++) {
    row[i] = Math.exp(logits[start + i] - most);
    sum += row[i];
  }
  if (!Number.isFinite(sum))
    throw new UserError("invalid-values", `Expected finite logits, got others for picture ${picture}.`);
  for (let i = 0; i < row.length; i++) row[i] /= sum;
}

/** A picture's probabilities into `row`. */
function checked(probabilities: Float32Array | Float64Array, picture: number, row: Float64Array): void {
  const start = picture * row.length;
  let sum = 0;
  for (let i = 0; i < row.length; i++) {
    row[i] = probabilities[start + i];
    sum += row[i];
    if (row[i] < 0)
      throw new UserError(
        "invalid-values",
        `Expected probabilities, got ${row[i]} for picture ${picture}, class ${i}.`,
      );
  }
  if (Math.abs(sum - 1) < 1e-3) return;
  throw new UserError(
    "invalid-values",
    `Expected probabilities that sum to 1, got a sum of ${sum} for picture ${picture}. Are these logits, or probabilities of only some classes?`,
  );
}
