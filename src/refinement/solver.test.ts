import { expect, test } from "vitest";
import { flowTimes, solve, type VelocityField } from "./solver.js";

const [MEAN, DEVIATION] = [0.7, 0.3];

/**
 * The velocity of the flow from white noise to N(m, s²), which has a closed form: with Var x_t = (1 − t)² s² + t²,
 * v = (t − (1 − t) s²) (x − (1 − t) m) / Var x_t − m. It carries ε to m + s ε.
 */
const gaussian: VelocityField = async ([point], t) => [
  point.map((x) => {
    const variance = (1 - t) ** 2 * DEVIATION ** 2 + t ** 2;
    return ((t - (1 - t) * DEVIATION ** 2) * (x - (1 - t) * MEAN)) / variance - MEAN;
  }),
];

const noise = Float32Array.of(-1.5, 0, 0.4, 2);

async function errorAfter(steps: number): Promise<number> {
  const [end] = await solve(gaussian, [noise], flowTimes(steps));
  return Math.max(...end.map((x, i) => Math.abs(x - (MEAN + DEVIATION * noise[i]))));
}

test("the flow to a Gaussian arrives at it, four times nearer with twice the steps", async () => {
  const errors = [await errorAfter(16), await errorAfter(32), await errorAfter(64)];
  expect(errors[2]).toBeLessThan(2e-3);
  expect(errors[0] / errors[1]).toBeGreaterThan(3);
  expect(errors[1] / errors[2]).toBeGreaterThan(3);
});

test("steps of unequal length are as exact: a velocity that grows with time is integrated without error from the second on", async () => {
  const times = [1, 0.7, 0.5, 0.1, 0];
  const [end] = await solve(async (_, t) => [Float32Array.of(t)], [Float32Array.of(0)], times);
  // the first step takes the velocity at its beginning; the others are trapezes continued
  const first = (0.7 - 1) * 1;
  const others = (0 ** 2 - 0.7 ** 2) / 2;
  expect(end[0]).toBeCloseTo(first + others, 6);
});

test("times fall from 1 to 0, at first in short steps", () => {
  expect(flowTimes(4)).toEqual([1, 6 / 7, 2 / 3, 0.4, 0].map((time) => expect.closeTo(time, 12)));
});

test("one step follows the first velocity, and the start is left as it is", async () => {
  const start = Float32Array.of(1, 2);
  const [end] = await solve(async () => [Float32Array.of(3, 4)], [start], flowTimes(1));
  expect([...end]).toEqual([-2, -2]);
  expect([...start]).toEqual([1, 2]);
});
