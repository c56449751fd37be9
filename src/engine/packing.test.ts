import { grad, numpy as np } from "@jax-js/jax";
import { afterAll, expect, test } from "vitest";
import { check, floats, testRuntime } from "../../test/support/against-jax.js";
import { Packer } from "./packer.js";
import { Packing, ROW } from "./packing.js";
import { spec } from "./spec.js";

afterAll(() => testRuntime().dispose());

const specs = [[2, 2], [3], [], [9], [1, 2]].map((shape) => spec(shape));

test("consecutive arrays share a pack until it has enough elements", () => {
  const members = (least: number) => new Packing(specs, least).members.map((pack) => pack.length);
  expect(members(5)).toEqual([2, 2, 1]);
  expect(members(100)).toEqual([5]);
  expect(members(1)).toEqual([1, 1, 1, 1, 1]);
});

test("packs are whole rows", () => {
  const sizes = (...lengths: number[]) =>
    new Packing(
      lengths.map((length) => spec([length])),
      1000,
    ).specs.map(({ size }) => size);
  expect(sizes(ROW - 1, ROW, ROW + 1, 3 * ROW)).toEqual([ROW, ROW, 2 * ROW, 3 * ROW]);
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
