/** @file Information schedule: how much of an image's rate each latent group should carry (paper §3.1). */
import { lax, numpy as np } from "@jax-js/jax";
import { type Config, targetShares } from "../config/index.js";
import { groups } from "../model/index.js";

/** Lower edge of the band around a target, as a fraction of it: the paper's targets sum to 66.7 %. */
const BAND = 0.667;

/** Least target in nats: where an image carries no information at all, K / a must be 0, not 0 / 0. */
const LEAST_TARGET = 1e-30;

/** Target share of the information of every group, summing to 1; null without a schedule. */
export function informationShares({ model, objective }: Pick<Config, "model" | "objective">): number[] | null {
  const { informationSchedule: schedule } = objective;
  const resolutions = groups(model).map(({ resolution }) => resolution);
  return schedule ? targetShares(schedule, resolutions) : null;
}

/**
 * Weight of every group's KL, given how far its rate K is from its target (paper eq. 3), with a = 0.667 · share · ΣK, b = 2a:
 *
 *     γ = K / a             K < a          too little information: make it cheaper
 *         1                 a ≤ K < b
 *         (K − b) / a + 1   b ≤ K < 3a     too much: make it dearer
 *         2                 3a ≤ K         and never below 0.1
 *
 * Targets are relative to each image's own total, since some images need more information than others. No gradient
 * flows through γ.
 *
 * @param klNats - L arrays of [N]: unweighted KL per group and image, nats, lowest resolution first; borrowed
 * @param shares - L target shares summing to 1, in the same order
 * @returns L arrays of [N], each in [0.1, 2]
 */
export function rateWeights(klNats: np.Array[], shares: number[]): np.Array[] {
  const rates = klNats.map((kl) => lax.stopGradient(kl.ref));
  const total = rates.map((rate) => rate.ref).reduce((sum, rate) => sum.add(rate)); // [N]
  const weights = rates.map((rate, group) => {
    const target = np.maximum(total.ref.mul(BAND * shares[group]), LEAST_TARGET);
    const position = rate.div(target); // K / a
    const above = np.clip(position.ref.sub(1), 1, 2); // 1 up to 2a, then linear, 2 from 3a
    return np.maximum(np.where(np.less(position.ref, 1), position, above), 0.1);
  });
  total.dispose();
  return weights;
}
