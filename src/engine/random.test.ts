/** In jax-js alone: the bits and numbers of `src/random`. `test/xla` has them on XLA. */
import { defaultDevice, numpy as np } from "@jax-js/jax";
import { afterAll, beforeAll, expect, test } from "vitest";
import { foldIn as foldHostKey, normal as hostNormal, type Key, keyFromSeed } from "../random/index.js";
import { threefryFill } from "../random/random.js";
import { compile } from "./compile.js";
import { threefry } from "./primitives.js";
import { foldIn, normal } from "./random.js";
import { Runtime } from "./runtime/runtime.js";
import { spec } from "./spec.js";
import { addJaxShims } from "./trace/jax-shims.js";

const keys: Key[] = [keyFromSeed(0), keyFromSeed(2 ** 52 + 1), [0xffffffff, 0xffffffff], [0x13198a2e, 0x03707344]];
const int32 = (values: readonly number[], shape: number[]) => np.array(Int32Array.from(values)).reshape(shape);
const onDevice = () => int32(keys.flat(), [keys.length, 2]);

const before = defaultDevice();
let shims: Disposable;
beforeAll(() => {
  shims = addJaxShims();
  defaultDevice("cpu");
});
afterAll(() => {
  defaultDevice(before);
  shims[Symbol.dispose]();
});

test("the words of counters are those of the host, also where the counter wraps", () => {
  const words = threefry(onDevice(), int32([7, -3], [2]), 5);
  expect(words.shape).toEqual([4, 5, 2]);
  const expected = keys.map((key) => {
    const target = new Int32Array(10);
    threefryFill(key, 7, 2 ** 32 - 3, new Uint32Array(target.buffer));
    return [...target];
  });
  expect([...words.dataSync()]).toEqual(expected.flat());
});

test("a key for a number is the host's", () => {
  for (const number of [0, 1, 45]) {
    const expected = Int32Array.from(keys.flatMap((key) => foldHostKey(key, number)));
    expect([...foldIn(onDevice(), number).dataSync()]).toEqual([...expected]);
  }
});

test.each([[[3, 4, 4]], [[5]], [[7, 11, 13]]])("normal numbers of shape %j are the host's to rounding", (shape) => {
  const drawn = normal(onDevice(), shape);
  expect(drawn.shape).toEqual([4, ...shape]);
  const size = shape.reduce((product, n) => product * n);
  const expected = keys.flatMap((key) => [...hostNormal(key, size)]);
  const worst = Math.max(...[...drawn.dataSync()].map((z, i) => Math.abs(z - expected[i])));
  expect(worst).toBeLessThan(1e-6);
});

test("ONNX Runtime is not asked to draw", async () => {
  await using runtime = new Runtime({ threads: 1 });
  await expect(compile((given: np.Array) => normal(given, [4]), [spec([2, 2], "int32")], { runtime })).rejects.toThrow(
    "Expected a program for ONNX Runtime to draw no random numbers",
  );
});
