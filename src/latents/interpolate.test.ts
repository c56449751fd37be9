import "../../test/support/all-close.js";
import { expect, test } from "vitest";
import { keyFromSeed, normal } from "../random/index.js";
import { interpolateLatents, slerp } from "./interpolate.js";

const length = (vector: Float32Array) => Math.hypot(...vector);
const cosine = (a: Float32Array, b: Float32Array) =>
  a.reduce((sum, value, i) => sum + value * b[i], 0) / (length(a) * length(b));

test("an arc begins and ends at its ends, and turns at an even rate", () => {
  const [a, b] = [normal(keyFromSeed(1), 50), normal(keyFromSeed(2), 50)];
  expect(slerp(a, b, 0)).toEqual(a);
  expect(slerp(a, b, 1)).toEqual(b);
  const angle = Math.acos(cosine(a, b));
  for (const t of [0.1, 0.25, 0.5, 0.9]) {
    expect(Math.acos(cosine(a, slerp(a, b, t)))).toBeCloseTo(t * angle, 5);
  }
});

test("the length goes evenly from one end's to the other's, at every angle", () => {
  const a = Float32Array.of(3, 0);
  for (const degrees of [10, 90, 170, 179.9]) {
    const radians = (degrees / 180) * Math.PI;
    const b = Float32Array.of(Math.cos(radians), Math.sin(radians));
    for (const t of [0.2, 0.5, 0.8]) expect(length(slerp(a, b, t))).toBeCloseTo(3 - 2 * t, 4);
  }
});

test("normal noise stays as long as normal noise is, where a chord is √2 shorter", () => {
  const [a, b] = [normal(keyFromSeed(3), 10_000), normal(keyFromSeed(4), 10_000)];
  const chord = a.map((value, i) => (value + b[i]) / 2);
  expect(length(chord) / 100).toBeCloseTo(Math.SQRT1_2, 1);
  expect(length(slerp(a, b, 0.5)) / 100).toBeCloseTo(1, 1);
});

test("parallel and opposite ends and the origin have no arc: the chord", () => {
  const a = Float32Array.of(2, 0);
  expect([...slerp(a, Float32Array.of(4, 0), 0.5)]).toEqual([3, 0]);
  expect([...slerp(a, Float32Array.of(-2, 0), 0.25)]).toEqual([1, 0]);
  expect([...slerp(a, Float32Array.of(0, 0), 0.5)]).toEqual([1, 0]);
  expect([...slerp(Float32Array.of(0, 0), Float32Array.of(0, 0), 0.5)]).toEqual([0, 0]);
});

test("groups go on arcs of their own; from group K on all have the noise of the first", () => {
  const from = [Float32Array.of(1, 0), Float32Array.of(0, 2, 0)];
  const to = [Float32Array.of(0, 1), Float32Array.of(2, 0, 0)];
  const [half, root] = [Math.SQRT1_2, Math.SQRT2];
  const whole = interpolateLatents(from, to, 3);
  expect(whole[0]).toBeAllClose([1, 0, half, half, 0, 1]);
  expect(whole[1]).toBeAllClose([0, 2, 0, root, root, 0, 2, 0, 0]);
  const first = interpolateLatents(from, to, 3, 1);
  expect(first[0]).toEqual(whole[0]);
  expect([...first[1]]).toEqual([0, 2, 0, 0, 2, 0, 0, 2, 0]);
});
