import { grad, type numpy as np } from "@jax-js/jax";
import { afterAll, expect, test } from "vitest";
import { discs } from "../../../test/support/tiny.js";
import { compile, leaves, map, Runtime, rebuild, spec } from "../../engine/index.js";
import { fromBytes } from "../../inference/pictures.js";
import { type Classifier, classificationLoss, classifierSpecs, initialClassifier } from "./network.js";

const runtime = new Runtime({ threads: 1 });
afterAll(() => runtime.dispose());

test("a step along the gradient changes the loss by the gradient's squared length times the step", async () => {
  const frequencies = [0.4, 0.3, 0.2, 0.1];
  const { images, labels } = discs(4, { labels: true });
  const specs = classifierSpecs(4);
  const args = [specs, spec([4, 3, 8, 8]), spec([4], "int32")] as const;
  const loss = (parameters: Classifier<np.Array>, x: np.Array, y: np.Array) =>
    classificationLoss(parameters, x, y, frequencies);
  const value = await compile(loss, args, { runtime });
  const slope = await compile(
    (parameters: Classifier<np.Array>, x: np.Array, y: np.Array) =>
      grad((variables: Classifier<np.Array>) => loss(variables, x, y))(parameters) as Classifier<np.Array>,
    args,
    { runtime },
  );
  const start = initialClassifier(4, 1);
  const inputs = [fromBytes(images), labels] as const;
  const gradients = leaves(await slope.run(start, ...inputs));
  const at = async (step: number) => {
    const moved = leaves(start).map((p, i) => p.map((own, j) => own + step * gradients[i][j]));
    const result = await value.run(rebuild(start, moved), ...inputs);
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

test("initial weights depend on the seed, and biases are 0", () => {
  const [one, same, other] = [1, 1, 2].map((seed) => initialClassifier(3, seed));
  const first = ({ input }: typeof one) => [...input.weight.subarray(0, 5)];
  expect(first(one)).toEqual(first(same));
  expect(first(one)).not.toEqual(first(other));
  expect(Math.max(...one.output.bias.map(Math.abs))).toBe(0);
  expect(map(one, ({ length }) => length)).toEqual(map(classifierSpecs(3), ({ size }) => size));
});
