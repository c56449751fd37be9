/** @file The velocity of the flow as it is drawn with: guided, and from noise to latents within one program. */
import { numpy as np } from "@jax-js/jax";
import { velocityAt } from "./flow.js";
import type { Flow } from "./flow-state.js";
import type { Stack } from "./latents.js";
import type { FlowNetwork } from "./network.js";
import { solverSteps } from "./solver.js";

/** One batch of N points of the flow at one time. */
export interface VelocityInputs<T> {
  /** [N, C, r, r] for each resolution. */
  point: T[];
  /** [1]. */
  time: T;
  /** int32 [N] in models with classes; guided, [2N]: the labels, then as many times "no label". */
  labels?: T;
  /** Weight of each image, [N]; without it there is no guidance. */
  guidance?: T;
}

/**
 * The velocity with label c, guided by the one without, both of one batch of 2N (Ho & Salimans 2022):
 *
 *     v = v_c + w (v_c − v_u)
 *
 * @param network - borrowed
 * @param inputs - consumed
 */
export function guidedVelocity(
  network: FlowNetwork<np.Array>,
  { point, time, labels, guidance }: VelocityInputs<np.Array>,
): np.Array[] {
  const count = point[0].shape[0];
  const times = (n: number) => np.broadcastTo(time, [n]);
  if (!guidance) return velocityAt(network, point, times(count), labels);
  const both = point.map((x) => np.concatenate([x.ref, x], 0));
  const weight = guidance.reshape([count, 1, 1, 1]);
  return velocityAt(network, both, times(2 * count), labels).map((velocities) => {
    const [conditional, unconditional] = np.split(velocities, 2, 0);
    return conditional.ref.add(weight.ref.mul(conditional.sub(unconditional)));
  });
}

/** Arrays of the groups, [N, Z, r, r] each, as those of the stacks, [N, C, r, r]. Consumes them. */
const stacked = (stacks: readonly Stack[], byGroup: readonly np.Array[]): np.Array[] =>
  stacks.map(({ groups }) =>
    np.concatenate(
      groups.map(({ index }) => byGroup[index]),
      1,
    ),
  );

/** The inverse of {@link stacked}. */
const byGroup = (stacks: readonly Stack[], arrays: readonly np.Array[]): np.Array[] =>
  arrays.flatMap((x, part) => {
    const channels = stacks[part].groups.map((group) => group.channels);
    const starts = channels.slice(1).map((_, index) => channels.slice(0, index + 1).reduce((sum, own) => sum + own));
    return np.split(x, starts, 1);
  });

/** {@link guidedVelocity} of points by group, [N, Z, r, r] each, as which the velocity comes too. */
export const velocityOfGroups = (
  network: FlowNetwork<np.Array>,
  stacks: readonly Stack[],
  { point, ...condition }: VelocityInputs<np.Array>,
): np.Array[] => byGroup(stacks, guidedVelocity(network, { ...condition, point: stacked(stacks, point) }));

/**
 * Latents where the flow has ended, with the mean and deviation of each channel.
 *
 * @param flow - borrowed
 * @param end - by group, [N, Z, r, r] each; consumed
 */
export function latentsOfEnd(
  { normalisation }: Pick<Flow<np.Array>, "normalisation">,
  stacks: readonly Stack[],
  end: readonly np.Array[],
): np.Array[] {
  const perChannel = (values: np.Array) => values.ref.reshape([1, -1, 1, 1]);
  const latents = stacked(stacks, end).map((x, part) => {
    const { mean, deviation } = normalisation[part];
    return x.mul(perChannel(deviation)).add(perChannel(mean));
  });
  return byGroup(stacks, latents);
}

/**
 * Carries noise along the flow to the latents of the first groups, all steps in one program.
 *
 * @param flow - borrowed
 * @param noise - of these groups, standard normal, temperature included, [N, Z, r, r] each; consumed
 * @param condition - as of {@link guidedVelocity}; borrowed
 * @param times - two or more, falling from 1 to 0
 * @returns of the noise's shapes
 */
export function drawFirstLatents(
  flow: Flow<np.Array>,
  stacks: readonly Stack[],
  noise: readonly np.Array[],
  { labels, guidance }: Pick<VelocityInputs<np.Array>, "labels" | "guidance">,
  times: readonly number[],
): np.Array[] {
  let point = [...noise];
  let earlier: np.Array[] | undefined;
  for (const { time, now, before } of solverSteps(times)) {
    const velocity = velocityOfGroups(flow.network, stacks, {
      point: point.map((x) => x.ref),
      time: np.array([time]),
      labels: labels?.ref,
      guidance: guidance?.ref,
    });
    point = point.map((x, group) => {
      const further = x.add(velocity[group].ref.mul(now));
      return earlier ? further.add(earlier[group].mul(before)) : further;
    });
    earlier = velocity;
  }
  return latentsOfEnd(flow, stacks, point);
}
