import { grad, numpy as np } from "@jax-js/jax";
import { afterAll, expect, test } from "vitest";
import { check, floats, testRuntime } from "../../test/support/against-jax.js";
import { createPacker } from "./packer.js";
import { Packs, ROW } from "./packing.js";
import { spec } from "./spec.js";

afterAll(() => testRuntime().dispose());

const specs = [[2, 2], [3], [], [9], [1, 2]].map((shape) => spec(shape));

test("small arrays share a pack until it has enough elements, large ones have their own", () => {
  const members = (alone: number, shared: number) =>
    new Packs(specs, { alone, shared }).members.map((pack) => pack.map(({ index }) => index));
  expect(members(1e5, 5)).toEqual([[0, 1], [2, 3], [4]]);
  expect(members(1e5, 100)).toEqual([[0, 1, 2, 3, 4]]);
  expect(members(4, 100)).toEqual([[0], [1, 2, 4], [3]]);
  expect(members(1, 1)).toEqual([[0], [1], [2], [3], [4]]);
});

test("packs are whole rows", () => {
  const sizes = [ROW - 1, ROW, ROW + 1, 3 * ROW];
  const packing = new Packs(
    sizes.map((size) => spec([size])),
    { alone: 1 },
  );
  expect(packing.specs.map(({ size }) => size)).toEqual([ROW, ROW, 2 * ROW, 3 * ROW]);
});

test("elements come out as they went in, kernels among them", async () => {
  const all = [...specs, spec([16, 4, 3, 3]), spec([5, 2, 3, 3]), spec([32, 16, 1, 1]), spec([32, 16, 3, 3])];
  const elements = all.map(({ size }, array) => Float32Array.from({ length: size }, (_, i) => 10 * array + i));
  for (const alone of [1, 9, 1e6]) {
    const packer = await createPacker(new Packs(all, { alone }), testRuntime());
    const packs = await packer.pack(elements);
    expect(await packer.unpack(packs)).toEqual(elements);
    await packer.dispose();
  }
});

test("traced, packing undoes unpacking", () => {
  const packing = new Packs(specs, { shared: 5 });
  const fn = (...packs: np.Array[]) => np.concatenate(packing.pack(packing.unpack(packs).map((x) => x.mul(2))));
  return check(
    fn,
    packing.specs.map(({ shape }) => floats(shape)),
  );
});

test("traced, every array has its shape", () => {
  const packing = new Packs([spec([2, 3]), spec([3, 2])]);
  const product = (pack: np.Array) => {
    const [a, b] = packing.unpack([pack]);
    return np.matmul(a, b);
  };
  expect(grad((pack: np.Array) => product(pack).sum())(np.ones([12])).shape).toEqual([12]);
  return check(product, [floats([12])]);
});
