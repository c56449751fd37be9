import { numpy as np } from "@jax-js/jax";
import { afterAll, expect, test } from "vitest";
import { compile, type Mapped, map, Runtime, type Spec, spec } from "../engine/index.js";
import { initialise, type ParameterSpec } from "../model/index.js";
import { normal } from "../random/index.js";
import { type FlowBatch, flowLoss, pathAt, velocityAt } from "./flow.js";
import { type FlowNetwork, flowParameters } from "./network.js";

const runtime = new Runtime({ threads: 1 });
afterAll(() => runtime.dispose());

const shapes = [
  [6, 1, 1],
  [2, 4, 4],
] as const;
const parameters = flowParameters({ stacks: shapes, classes: 3 });
const specs = map<unknown, unknown>(parameters, (leaf) => spec((leaf as ParameterSpec).shape)) as FlowNetwork<Spec>;
const start = initialise(parameters, 1);
const arrays = (count: number, seed: number) =>
  shapes.map((shape, index) => normal([seed, index], count * shape[0] * shape[1] * shape[2]));
const arraySpecs = (count: number) => shapes.map((shape) => spec([count, ...shape]));

test("the path leads straight from latents to noise", () => {
  const times = np.array([0, 0.25, 1]);
  const [x, noise] = [
    [1, 2, 3],
    [5, 4, 7],
  ].map((values) => np.array(values).reshape([3, 1, 1, 1]));
  const { point, velocity } = pathAt(x, noise, times);
  expect(point.flatten().js()).toEqual([1, 2.5, 7]);
  expect(velocity.flatten().js()).toEqual([4, 2, 4]);
});

/** The velocity of white noise of variance 1 at x_t: the mean of ε − x given x_t, both N(0, 1). */
const whiteNoise = (x: number, t: number) => ((2 * t - 1) * x) / ((1 - t) ** 2 + t ** 2);

test("before training the flow leaves white noise as it is, and its loss is what that leaves of the velocities", async () => {
  const count = 2;
  const batch = {
    latents: arraySpecs(count),
    noise: arraySpecs(count),
    times: spec([count]),
    labels: spec([count], "int32"),
  };
  await using loss = await compile(
    (weights: FlowNetwork<np.Array>, given: Mapped<typeof batch, Spec, np.Array>) => flowLoss(weights, given),
    [specs, batch] as const,
    { runtime },
  );
  const [latents, noise] = [arrays(count, 3), arrays(count, 4)];
  const times = Float32Array.of(0.2, 0.9);
  const given: FlowBatch<Float32Array | Int32Array> = { latents, noise, times, labels: Int32Array.of(0, 3) };
  const expected = latents
    .map((values, index) => {
      const squares = [...values].map((x, i) => {
        const t = times[Math.floor(i / (values.length / count))];
        const e = noise[index][i];
        return (whiteNoise((1 - t) * x + t * e, t) - (e - x)) ** 2;
      });
      return squares.reduce((sum, square) => sum + square, 0) / squares.length;
    })
    .reduce((sum, each) => sum + each, 0);
  expect((await loss.run(start, given as never))[0]).toBeCloseTo(expected, 4);
});

test("an image's velocity depends on its latents, time and label, and on no other image", async () => {
  const moved = map(start, (values) =>
    (values as Float32Array).map((value, i) => value + 0.05 * Math.sin(i)),
  ) as FlowNetwork<Float32Array>; // the outputs begin at 0
  const compiled = (count: number) =>
    compile(
      (weights: FlowNetwork<np.Array>, point: np.Array[], times: np.Array, labels: np.Array) =>
        velocityAt(weights, point, times, labels),
      [specs, arraySpecs(count), spec([count]), spec([count], "int32")] as const,
      { runtime },
    );
  await using pair = await compiled(2);
  await using single = await compiled(1);
  const point = arrays(2, 5);
  const half = (which: number, values: Float32Array) =>
    values.slice((which * values.length) / 2, ((which + 1) * values.length) / 2);
  const both = await pair.run(moved, point, Float32Array.of(0.3, 0.8), Int32Array.of(1, 2));
  for (const which of [0, 1]) {
    const own = point.map((values) => half(which, values));
    const alone = await single.run(moved, own, Float32Array.of([0.3, 0.8][which]), Int32Array.of([1, 2][which]));
    alone.forEach((values, index) => {
      expect([...values]).toEqual([...half(which, both[index])].map((value) => expect.closeTo(value, 4)));
    });
  }
  const relabelled = await pair.run(moved, point, Float32Array.of(0.3, 0.8), Int32Array.of(0, 2));
  expect(half(0, relabelled[0])).not.toEqual(half(0, both[0]));
  expect(half(1, relabelled[0])).toEqual(half(1, both[0]));
});
