/** @file The classifier that judges guided samples: it learns, its gradients are right, and so is what is made of its answers. */
import { grad, type numpy as np } from "@jax-js/jax";
import { afterAll, expect, test } from "vitest";
import { shift } from "../../bench/guidance/augmentation.js";
import {
  type Classifier,
  classificationLoss,
  classifierSpecs,
  initialClassifier,
} from "../../bench/guidance/classifier.js";
import { distinctNearest, interval, Judge, meanDistance } from "../../bench/guidance/judgement.js";
import { cells } from "../../bench/guidance/table.js";
import { trainClassifier } from "../../bench/guidance/training.js";
import { compile, leaves, map, Runtime, rebuild, type Spec, spec, type Tree } from "../../src/engine/index.js";
import { fromBytes } from "../../src/generation/pictures.js";
import { discs } from "../support/tiny.js";

const runtime = new Runtime({ threads: 1 });
afterAll(() => runtime.dispose());

type Weights = Tree<Float32Array>;

test("a step along the gradient changes the loss by the gradient's squared length times the step", async () => {
  const frequencies = [0.4, 0.3, 0.2, 0.1];
  const { images, labels } = discs(4, { labels: true });
  const specs = classifierSpecs(4) as Tree<Spec>;
  const args = [specs, spec([4, 3, 8, 8]), spec([4], "int32")];
  const loss = (parameters: Classifier<np.Array>, x: np.Array, y: np.Array) =>
    classificationLoss(parameters, x, y, frequencies);
  const value = await compile(((...given: Parameters<typeof loss>) => [loss(...given)]) as never, args, { runtime });
  const slope = await compile(
    ((parameters: Classifier<np.Array>, x: np.Array, y: np.Array) =>
      grad((variables: Classifier<np.Array>) => loss(variables, x, y))(parameters)) as never,
    args,
    { runtime },
  );
  const start = initialClassifier(4, 1) as Weights;
  const inputs = [fromBytes(images), labels];
  const gradients = leaves<Float32Array>((await slope.run(start, ...inputs)) as Weights);
  const at = async (step: number) => {
    const moved = leaves<Float32Array>(start).map((p, i) => p.map((own, j) => own + step * gradients[i][j]));
    const [result] = (await value.run(rebuild(start, moved), ...inputs)) as Float32Array[];
    return result[0];
  };
  const squaredLength = gradients.reduce((sum, g) => g.reduce((total, x) => total + x * x, sum), 0);
  const step = 1e-2 / Math.sqrt(squaredLength);
  expect(((await at(step)) - (await at(-step))) / (2 * step * squaredLength)).toBeCloseTo(1, 2);
  // Every parameter has a part in it.
  for (const gradient of gradients) expect(gradient.some((x) => x !== 0)).toBe(true);
  await value.dispose();
  await slope.dispose();
});

test("it learns three colours, and judges new pictures by them", async () => {
  const losses: number[] = [];
  // Colours, since images are moved and mirrored.
  const coloured = (count: number) => {
    const labels = Int32Array.from({ length: count }, (_, image) => image % 3);
    const images = new Uint8Array(count * 3 * 256);
    labels.forEach((label, image) => {
      images.fill(150 + (image % 100), (image * 3 + label) * 256, (image * 3 + label + 1) * 256);
    });
    return { name: "colours", resolution: 16, count, classes: ["red", "green", "blue"], images, labels };
  };
  const weights = await trainClassifier(coloured(48), {
    ...{ epochs: 6, batchSize: 8, seed: 0, runtime },
    onEpoch: (_, loss) => losses.push(loss),
  });
  expect(losses).toHaveLength(6);
  expect(losses[5]).toBeLessThan(losses[0] / 4);
  const judge = await Judge.create(weights, 16, runtime);
  const { classes, features } = await judge.judge(coloured(66));
  expect(classes).toEqual(coloured(66).labels);
  expect(features).toHaveLength(66);
  expect(Math.hypot(...features[65])).toBeCloseTo(1);
  await judge.dispose();
});

test("initial weights depend on the seed, and biases are 0", () => {
  const [one, same, other] = [1, 1, 2].map((seed) => initialClassifier(3, seed));
  const first = ({ input }: typeof one) => [...input.weight.subarray(0, 5)];
  expect(first(one)).toEqual(first(same));
  expect(first(one)).not.toEqual(first(other));
  expect(Math.max(...one.output.bias.map(Math.abs))).toBe(0);
  expect(map(one as Weights, ({ length }) => length)).toEqual(
    map(classifierSpecs(3) as Tree<Spec>, ({ size }) => size),
  );
});

test("an image moved down and right repeats its border", () => {
  const image = Float32Array.from({ length: 12 }, (_, i) => i); // three planes of 2 × 2
  expect([...shift(image, 2, 1, 0)]).toEqual([0, 1, 0, 1, 4, 5, 4, 5, 8, 9, 8, 9]);
  expect([...shift(image, 2, 0, -1)]).toEqual([1, 1, 3, 3, 5, 5, 7, 7, 9, 9, 11, 11]);
});

test("intervals are Wilson's", () => {
  const [low, high] = interval(8, 10);
  expect(low).toBeCloseTo(0.4902, 3);
  expect(high).toBeCloseTo(0.9433, 3);
  expect(interval(0, 10)[0]).toBeCloseTo(0);
});

test("pictures that are all alike have no spread, and one nearest training image", () => {
  const axis = (index: number) => Float32Array.from({ length: 3 }, (_, i) => (i === index ? 1 : 0));
  const corners = [0, 1, 2].map(axis);
  expect(meanDistance(corners)).toBeCloseTo(Math.SQRT2);
  expect(meanDistance([corners[0], corners[0]])).toBe(0);
  expect(distinctNearest([corners[1], corners[1], corners[1]], corners)).toBe(1);
  const training = { classes: Int32Array.of(0, 0, 0), labels: Int32Array.of(0, 0, 0), features: corners };
  const collapsed = { ...training, classes: Int32Array.of(0, 1, 0), features: corners.map(() => corners[1]) };
  expect(cells(training, training, ["one"])).toEqual(["3", "100 (44–100)", "1.00", "1.00", "", "100"]);
  expect(cells(collapsed, training, ["one"], 5)).toEqual(["3", "67 (21–94)", "0.00", "0.33", "5", "67"]);
});
