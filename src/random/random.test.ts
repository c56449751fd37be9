import { random } from "@jax-js/jax";
import { describe, expect, test } from "vitest";
import { fillNormal, foldIn, type Key, keyFromSeed, normal, permutation, uniform } from "./index.js";
import { threefryFill } from "./random.js";

const key = keyFromSeed(42);

/** Words of one counter. */
function encrypt(encryptionKey: Key, high: number, low: number): number[] {
  const words = new Uint32Array(2);
  threefryFill(encryptionKey, high, low, words);
  return [...words];
}

describe("threefry2x32", () => {
  test.each<[Key, number, number, number[]]>([
    [[0, 0], 0, 0, [0x6b200159, 0x99ba4efe]],
    [[0xffffffff, 0xffffffff], 0xffffffff, 0xffffffff, [0x1cb996fc, 0xbb002be7]],
    [[0x13198a2e, 0x03707344], 0x243f6a88, 0x85a308d3, [0xc4923a9c, 0x483df7a0]],
  ])("gives the known answers of Random123 (key %s)", (encryptionKey, high, low, expected) => {
    expect(encrypt(encryptionKey, high, low)).toEqual(expected);
  });

  test("consecutive counters are the single ones side by side", () => {
    const words = new Uint32Array(6);
    threefryFill(key, 7, 0xffffffff, words);
    const single = [0xffffffff, 0, 1].flatMap((low) => encrypt(key, 7, low));
    expect([...words]).toEqual(single);
  });
});

describe("keys", () => {
  test("folding gives the children that jax-js splits off", () => {
    const children = random.split(random.key(42), 4).js();
    expect([0, 1, 2, 3].map((i) => [...foldIn(key, i)])).toEqual(children);
  });

  test("a seed beyond 32 bits fills both words", () => {
    expect(keyFromSeed(2 ** 32 * 5 + 3)).toEqual([5, 3]);
  });

  test("bad seeds and numbers are named", () => {
    expect(() => keyFromSeed(-1)).toThrow("expected an integer seed from 0 to 2^53 - 1, got -1");
    expect(() => keyFromSeed(0.5)).toThrow("got 0.5");
    expect(() => foldIn(key, 2 ** 32)).toThrow("expected an integer from 0 to 2^32 - 1, got 4294967296");
  });
});

describe("normal", () => {
  const draws = normal(key, 1_000_000);
  const mean = (f: (z: number) => number) => draws.reduce((sum, z) => sum + f(z), 0) / draws.length;

  test("has the moments and the tails of a standard normal", () => {
    expect(Math.abs(mean((z) => z))).toBeLessThan(4e-3);
    expect(Math.abs(mean((z) => z ** 2) - 1)).toBeLessThan(6e-3);
    expect(Math.abs(mean((z) => z ** 3))).toBeLessThan(2e-2);
    expect(Math.abs(mean((z) => z ** 4) - 3)).toBeLessThan(4e-2);
    expect(mean((z) => Number(z > 1))).toBeCloseTo(0.158655, 2);
    expect(mean((z) => Number(z < -3)) / 1.349898e-3).toBeCloseTo(1, 0);
    expect(draws.every(Number.isFinite)).toBe(true);
  });

  test("neighbours are uncorrelated", () => {
    const products = draws.subarray(1).reduce((sum, z, i) => sum + z * draws[i], 0);
    expect(Math.abs(products / draws.length)).toBeLessThan(4e-3);
  });

  test("a shorter draw is the beginning of a longer one, odd or even, across the internal buffer's length", () => {
    for (const count of [0, 1, 2, 7, 2047, 2048, 2049, 5000]) expect(normal(key, count)).toEqual(draws.slice(0, count));
    const odd = new Float32Array(9).fill(99);
    fillNormal(key, odd.subarray(2, 7));
    expect([...odd]).toEqual([99, 99, ...draws.slice(0, 5), 99, 99]);
  });

  test("the first numbers never change: runs resumed by a later version depend on them", () => {
    const first = [0.03239910304546356, -1.5203083753585815, 0.2106408327817917, 1.0290130376815796];
    expect([...normal(keyFromSeed(0), 4)]).toEqual(first);
  });
});

test("uniform numbers fill the open interval evenly", () => {
  const draws = uniform(key, 100_000);
  const counts = new Array(10).fill(0);
  for (const u of draws) counts[Math.floor(u * 10)]++;
  expect(counts.every((count) => Math.abs(count - 10_000) < 400)).toBe(true);
  expect(draws.every((u) => u > 0 && u < 1)).toBe(true);
  expect(uniform(key, 3)).toEqual(draws.slice(0, 3));
});

test("permutations hold every number once and are all equally likely", () => {
  expect([...permutation(key, 5000)].sort((a, b) => a - b)).toEqual(Array.from({ length: 5000 }, (_, i) => i));
  expect([...permutation(key, 0)]).toEqual([]);
  const counts = new Map<string, number>();
  for (let i = 0; i < 24_000; i++) {
    const name = permutation(foldIn(key, i), 4).join();
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  expect(counts.size).toBe(24);
  expect([...counts.values()].every((count) => Math.abs(count - 1000) < 150)).toBe(true);
});
