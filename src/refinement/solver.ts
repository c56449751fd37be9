/** @file From noise to latents: the flow's differential equation, solved in few steps. Pure functions of numbers. */

/** A point of the flow: numbers of each resolution. */
export type Point = readonly Float32Array[];

/** The velocity at a point, of the point's shapes. */
export type VelocityField = (point: Point, time: number) => Promise<Point>;

/**
 * Times from 1, the noise, to 0, the latents, closer together at the noise (Esser et al. 2024), where the first step has no
 * other to be corrected by. With u falling from 1 to 0 in equal steps:
 *
 *     t = 2u / (1 + u)
 */
export const flowTimes = (steps: number): number[] =>
  Array.from({ length: steps + 1 }, (_, step) => {
    const u = 1 - step / steps;
    return (2 * u) / (1 + u);
  });

/** One step: when the velocity is looked at, and what that velocity and the one before it are multiplied by. */
export interface SolverStep {
  time: number;
  now: number;
  before: number;
}

/**
 * The steps of the two-step method of Adams and Bashforth, which evaluates v once a step and is of second order. With h the
 * step to come and r its length by that of the step before,
 *
 *     x ← x + h ( (1 + r/2) v − (r/2) v_before )        the first step: x ← x + h v
 *
 * @param times - two or more, falling
 */
export const solverSteps = (times: readonly number[]): SolverStep[] =>
  times.slice(0, -1).map((time, step) => {
    const length = times[step + 1] - time;
    const ratio = step === 0 ? 0 : length / (time - times[step - 1]);
    return { time, now: length * (1 + ratio / 2), before: -length * (ratio / 2) };
  });

/**
 * Solves dx/dt = v(x, t) from the first of the times to the last.
 *
 * @param times - two or more, falling
 * @returns the point at the last time
 */
export async function solve(field: VelocityField, start: Point, times: readonly number[]): Promise<Float32Array[]> {
  let point = start.map((values) => Float32Array.from(values));
  let earlier: Point | undefined;
  for (const { time, now, before } of solverSteps(times)) {
    const here = await field(point, time);
    const then = earlier ?? here;
    point = point.map((values, part) => values.map((value, i) => value + now * here[part][i] + before * then[part][i]));
    earlier = here;
  }
  return point;
}
