/** @file Precision and recall of samples by the manifolds of nearest neighbours: fidelity and variety, apart. */
import { NONE, squaredRadii } from "./nearest.js";
import { type PairOptions, Pairs } from "./pairs.js";
import { countOf, expectAtLeast } from "./vectors.js";

/** How precision and recall are computed. */
export interface PrecisionRecallOptions extends PairOptions {
  /** k: which neighbour's distance is a vector's radius, not counting itself. */
  neighbours?: number;
}

/** Fidelity and variety of samples, each from 0 to 1. */
export interface PrecisionRecall {
  /** Share of the samples that lie within the radius of some reference: how many look real. */
  precision: number;
  /** Share of the references that lie within the radius of some sample: how much of the real is covered. */
  recall: number;
}

/**
 * Improved precision and recall (Kynkäänniemi et al. 2019, eqs. 1 and 2). A set's manifold is the union of balls around its
 * vectors, each reaching, its rim included, to the k-th nearest other vector of the set.
 *
 * @param references - [M, width]
 * @param samples - [N, width]
 * @throws UserError where a set has fewer than k + 1 vectors, or one that is not finite
 */
export async function precisionRecall(
  references: Float32Array,
  samples: Float32Array,
  width: number,
  { neighbours = 3, ...options }: PrecisionRecallOptions = {},
): Promise<PrecisionRecall> {
  const counts = [countOf(references, width), countOf(samples, width)];
  const sets = ["references", "samples"];
  counts.forEach((count, set) => {
    expectAtLeast(neighbours + 1, count, `Precision and recall with ${neighbours} neighbours, of the ${sets[set]}`);
  });
  await using pairs = await Pairs.open(references, width, Math.max(...counts), options);
  const [real, made] = [pairs.prepare(references), pairs.prepare(samples)];
  pairs.expect(real);
  pairs.expect(made);
  pairs.expect(real, made);
  const realRadii = await squaredRadii(pairs, real, neighbours);
  const madeRadii = await squaredRadii(pairs, made, neighbours);
  const looksReal = new Uint8Array(made.count);
  const isCovered = new Uint8Array(real.count);
  await pairs.between(real, made, {
    limit: (i, j) => Math.max(looksReal[j] ? NONE : realRadii[i], isCovered[i] ? NONE : madeRadii[j]),
    visit: (i, j, distance) => {
      if (distance <= realRadii[i]) looksReal[j] = 1;
      if (distance <= madeRadii[j]) isCovered[i] = 1;
    },
  });
  const share = (flags: Uint8Array) => flags.reduce((sum, flag) => sum + flag, 0) / flags.length;
  return { precision: share(looksReal), recall: share(isCovered) };
}
