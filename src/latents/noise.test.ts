import { expect, test } from "vitest";
import { normalNoise, stream, uniformNoise } from "./noise.js";

const shapes = [
  [2, 1, 1],
  [2, 4, 4],
];

test("an image's noise does not depend on what it is batched with", () => {
  const key = stream(7, "trainingLatents", 3);
  const whole = normalNoise(key, [0, 1, 2, 3], shapes);
  const later = normalNoise(key, [2, 3], shapes);
  expect([...later[0]]).toEqual([...whole[0].slice(4)]);
  expect([...later[1]]).toEqual([...whole[1].slice(64)]);
  expect([...uniformNoise(key, [5, 2], 3).slice(3)]).toEqual([...uniformNoise(key, [2], 3)]);
});

test("seed, purpose, batch, image and group each give other noise", () => {
  const first = (seed: number, purpose: "trainingLatents" | "sampleLatents", batch: number, image: number) =>
    normalNoise(stream(seed, purpose, batch), [image], [[1], [1]]).map(([value]) => value);
  const values = [
    ...first(0, "trainingLatents", 0, 0),
    ...first(1, "trainingLatents", 0, 0),
    ...first(0, "sampleLatents", 0, 0),
    ...first(0, "trainingLatents", 1, 0),
    ...first(0, "trainingLatents", 0, 1),
  ];
  expect(new Set(values).size).toBe(10);
});
