/** @file Successive halving (Jamieson and Talwalkar 2016): who trains how far. */

/** One round: so many candidates train up to this share of the whole. */
export interface Rung {
  candidates: number;
  share: number;
}

/** Rounds at most: the first then has an eighth of the whole, and less would say little of the end. */
const MOST_RUNGS = 4;

/**
 * The rounds for so many candidates. Each trains twice as far as the one before, and about half of the candidates go on, more
 * where there are many; two come to the end, so that the best has one to be compared with.
 *
 * @param candidates - two or more
 */
export function rungsOf(candidates: number): Rung[] {
  const count = Math.min(Math.max(Math.ceil(Math.log2(candidates)), 1), MOST_RUNGS);
  const factor = count > 1 ? (candidates / 2) ** (1 / (count - 1)) : 1;
  return Array.from({ length: count }, (_, rung) => ({
    candidates: Math.max(2, Math.round(candidates / factor ** rung)),
    share: 2 ** (rung + 1 - count),
  }));
}

/** Trainings of full length that the rounds take in all. */
export const wholeTrainings = (rungs: readonly Rung[]): number =>
  rungs.reduce((sum, { candidates, share }, rung) => sum + candidates * (share - (rungs[rung - 1]?.share ?? 0)), 0);
