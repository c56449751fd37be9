import { grad, numpy as np } from "@jax-js/jax";
import { afterAll, expect, test } from "vitest";
import { check, floats, testRuntime } from "../../test/support/against-jax.js";
import { Packer } from "./packer.js";
import { Packing } from "./packing.js";
import { spec } from "./spec.js";

afterAll(() => testRuntime().dispose());

const specs = [[2, 2], [3], [], [9], [1, 2]].map((shape) => spec(shape));

test("consecutive arrays share a pack until it has enough elements", () => {
  expect(new Packing(specs, 5).specs.map(({ size }) => size)).toEqual([7, 10, 2]);
  expect(new Packing(specs, 100).specs.map(({ size }) => size)).toEqual([19]);
  expect(new Packing(specs, 1).specs.map(({ size }) => size)).toEqual([4, 3, 1, 9, 2]);
});

test("elements come out as they went in, kernels among them", async () => {
  const all = [...specs, spec([16, 4, 3, 3]), spec([5, 2, 3, 3]), spec([32, 16, 1, 1]), spec([32, 16, 3, 3])];
  const elements = all.map(({ size }, array) => Float32Array.from({ length: size }, (_, i) => 10 * array + i));
  for (const least of [1, 5, 1e6]) {
    const packer = await Packer.create(new Packing(all, least), testRuntime());
    const packs = await packer.pack(elements);
    expect(await packer.unpack(packs)).toEqual(elements);
    await packer.dispose();
  }
});

test("traced, packing undoes unpacking", () => {
  const packing = new Packing(specs, 5);
  const fn = (...packs: np.Array[]) => np.concatenate(packing.pack(packing.unpack(packs).map((x) => x.mul(2))));
  return check(
    fn,
    packing.specs.map(({ shape }) => floats(shape)),
  );
});

test("traced, every array has its shape", () => {
  const packing = new Packing([spec([2, 3]), spec([3, 2])]);
  const product = (pack: np.Array) => {
    const [a, b] = packing.unpack([pack]);
    return np.matmul(a, b);
  };
  expect(grad((pack: np.Array) => product(pack).sum())(np.ones([12])).shape).toEqual([12]);
  return check(product, [floats([12])]);
});
