/** Every primitive, forward and backward, against jax-js's own `cpu` back-end. */
import { lax, nn, numpy as np } from "@jax-js/jax";
import { afterAll, describe, expect, test } from "vitest";
import {
  between,
  bools,
  check,
  checkForward,
  floats,
  given,
  ints,
  onEngine,
  testRuntime,
} from "../../test/support/against-jax.js";

afterAll(() => testRuntime().dispose());

const x34 = floats([3, 4]);
const y34 = floats([3, 4], 2, 2);
const positive = between(0.2, 3, [3, 4]);
const apart = given([-2.5, -1, -0.3, 0.4, 1.2, 3], [2, 3]);

describe("arithmetic", () => {
  test("add", () => check((x, y) => x.add(y), [x34, y34]));
  test("add broadcasts", () => check((x, y) => x.add(y), [floats([2, 3, 4]), floats([3, 1])]));
  test("sub", () => check((x, y) => x.sub(y), [x34, y34]));
  test("mul", () => check((x, y) => x.mul(y), [x34, floats([4])]));
  test("div", () => check((x, y) => x.div(y), [x34, positive]));
  test("neg", () => check((x) => x.neg(), [x34]));
  test("reciprocal", () => check((x) => np.reciprocal(x), [positive]));
  test("min", () => check((x, y) => np.minimum(x, y), [x34, y34]));
  test("max", () => check((x, y) => np.maximum(x, y), [x34, y34]));
  test("a square: the same operand twice", () => check((x) => x.ref.mul(x), [x34]));
  test("int32 add and mul", () =>
    checkForward((x, y) => x.ref.add(y.ref).mul(y).add(x), [ints([1, -2, 3]), ints([4, 5, -6])]));
  test("idiv and mod of int32 go towards zero", () =>
    checkForward((x, y) => np.remainder(x, y), [ints([7, 8, 9]), ints([2, 3, 4])]));
  test("mod of floats", () => checkForward((x, y) => np.fmod(x, y), [apart, given([2, 1.5, 0.4, 0.3, 5, 2], [2, 3])]));
  test("int32 + float32 promotes", () => checkForward((x, y) => x.add(y), [ints([1, 2, 3]), floats([3])]));
  test("bool + float32 promotes", () => checkForward((x, y) => x.mul(y), [bools([1, 0, 1]), floats([3])]));
  test("bool arithmetic is logic", () =>
    checkForward((x, y) => x.ref.add(y.ref).mul(x.add(y)), [bools([1, 0, 1, 0]), bools([1, 1, 0, 0])]));
});

describe("functions", () => {
  test("exp", () => check((x) => np.exp(x), [x34]));
  test("log", () => check((x) => np.log(x), [positive]));
  test("sqrt", () => check((x) => np.sqrt(x), [positive]));
  test("square", () => check((x) => np.square(x), [x34]));
  test("sin", () => check((x) => np.sin(x), [x34]));
  test("cos", () => check((x) => np.cos(x), [x34]));
  test("asin", () => check((x) => np.arcsin(x), [floats([3, 4], 0.9)], 5e-6));
  test("atan", () => check((x) => np.arctan(x), [x34], 5e-6));
  test("tanh", () => check((x) => np.tanh(x), [x34], 5e-6));
  test("erf", () => check((x) => lax.erf(x), [x34], 5e-6));
  test("erfc", () => check((x) => lax.erfc(x), [x34], 5e-6));
  test("erfc keeps its tail", async () => {
    const [value] = await onEngine((x) => lax.erfc(x), [given([6])]);
    expect(value / 2.1519736712498913e-17).toBeCloseTo(1, 4);
  });
  test("floor and ceil", () => checkForward((x) => np.floor(x.ref).add(np.ceil(x).mul(10)), [apart]));
  test("stop_gradient", () => check((x) => lax.stopGradient(x.ref).mul(x), [x34]));
  test("cast to int32 truncates", () => checkForward((x) => x.astype(np.int32), [apart]));
  test("cast to bool", () => checkForward((x) => x.astype(np.bool), [given([0, 2, -1])]));
  test("cast from bool", () => checkForward((x) => x.astype(np.float32), [bools([0, 1, 1])]));
});

describe("comparison and choice", () => {
  test("less", () => checkForward((x, y) => np.less(x, y), [x34, y34]));
  test("less equal", () => checkForward((x, y) => np.lessEqual(x, y), [ints([1, 2, 3]), ints([2, 2, 2])]));
  test("greater", () => checkForward((x, y) => np.greater(x, y), [x34, y34]));
  test("equal", () => checkForward((x, y) => np.equal(x, y), [ints([1, 2, 3]), ints([2, 2, 2])]));
  test("not equal", () => checkForward((x, y) => np.notEqual(x, y), [bools([1, 0, 1]), bools([1, 1, 0])]));
  test("less of bools", () => checkForward((x, y) => np.less(x, y), [bools([1, 0, 1]), bools([1, 1, 0])]));
  test("comparison of int32 with a float (jax-js itself compares nothing here)", async () => {
    expect([...(await onEngine((x) => np.less(x, 1.5), [ints([1, 2, 3])]))]).toEqual([1, 0, 0]);
  });
  test("where", () => check((c, x, y) => np.where(c, x, y), [bools([1, 0, 1, 0]), x34, y34]));
  test("where with a literal", () => check((x) => np.where(np.less(x.ref, 0), 0, x), [x34]));
  test("where chooses bools", () => checkForward((c, x) => np.where(c, x, true), [bools([1, 0]), bools([0, 0])]));
  test("clip", () => check((x) => np.clip(x, -1, 1), [x34]));
});

describe("reduction", () => {
  test("sum of all", () => check((x) => x.sum(), [x34]));
  test("sum over axes", () => check((x) => x.sum([0, 2]), [floats([2, 3, 4])]));
  test("sum over no axis", () => check((x) => np.sum(x, []), [x34]));
  test("mean", () => check((x) => x.mean(1), [x34]));
  test("max", () => check((x) => np.max(x, 1), [x34]));
  test("min", () => check((x) => np.min(x, 0), [x34]));
  test("prod", () => checkForward((x) => np.prod(x, 0), [x34]));
  test("int32 sum and max", () => checkForward((x) => np.max(x.ref, 0).add(x.sum(0)), [ints([1, 5, -3, 2], [2, 2])]));
  test("all and any", () =>
    checkForward((x) => np.all(x.ref, 1).add(np.any(x, 1)), [bools([1, 1, 0, 1, 0, 0], [3, 2])]));
  test("softmax", () => check((x) => nn.softmax(x, -1), [x34]));
  test("log-sum-exp", () => check((x) => nn.logsumexp(x, -1), [floats([3, 4], 30)]));
  test("variance", () => check((x) => np.var_(x, 1), [x34]));
});

describe("movement", () => {
  test("reshape", () => check((x) => x.reshape([2, 6]), [x34]));
  test("transpose", () => check((x) => np.transpose(x, [2, 0, 1]), [floats([2, 3, 4])]));
  test("broadcast", () => check((x) => np.broadcastTo(x, [2, 3, 4]), [floats([3, 1])]));
  test("repeat", () => check((x) => np.repeat(x, 2, 1), [x34]));
  test("concatenate", () => check((x, y) => np.concatenate([x, y], 1), [x34, floats([3, 2])]));
  test("split", () => check((x) => np.concatenate(np.split(x, [1, 3], 1).reverse(), 1), [x34]));
  test("an empty part of a split", () => check((x) => np.concatenate(np.split(x, [0, 3], 1), 1), [x34]));
  test("flip", () => check((x) => np.flip(x, 1), [x34]));
  test("slice", () => check((x) => x.slice([1, 3], [0, 2]), [x34]));
  test("pad", () =>
    check(
      (x) =>
        np.pad(x, [
          [1, 2],
          [0, 1],
        ]),
      [x34],
    ));
  test("stack", () => check((x, y) => np.stack([x, y]), [x34, y34]));
  test("arange as a captured constant", () => check((x) => x.mul(np.arange(4)), [x34]));
  test("eye as a captured constant", () => check((x) => np.matmul(x, np.eye(4)), [x34]));
});

describe("gather and scatter", () => {
  test("rows of an embedding table", () => check((w, i) => np.take(w, i, 0), [floats([5, 3]), ints([4, 0, 4, 2])]));
  test("along a later axis", () => check((w, i) => np.take(w, i, 1), [floats([3, 5]), ints([4, 0, 4, 2], [2, 2])]));
  test("along two axes", () => check((x, i, j) => x.slice(i, j), [x34, ints([0, 2, 2]), ints([1, 3, 3])]));
  test("one-hot", () => checkForward((i) => nn.oneHot(i, 4), [ints([0, 3, 1])]));
});

describe("products", () => {
  test("matrix by matrix", () => check((x, y) => np.matmul(x, y), [x34, floats([4, 5])]));
  test("batched", () => check((x, y) => np.matmul(x, y), [floats([2, 3, 4]), floats([2, 4, 5])]));
  test("batch by matrix", () => check((x, y) => np.matmul(x, y), [floats([2, 3, 4]), floats([4, 5])]));
  test("batched twice, one side repeated", () =>
    check((x, y) => np.matmul(x, y), [floats([2, 1, 3, 4]), floats([5, 4, 2])]));
  test("vector by vector", () => check((x, y) => np.dot(x, y), [floats([6]), floats([6], 1, 3)]));
  test("matrix by vector", () => check((x, y) => np.dot(x, y), [x34, floats([4])]));
  test("outer", () => check((x, y) => np.outer(x, y), [floats([3]), floats([4])]));
  test("attention scores", () =>
    check((q, k) => np.einsum("bqc,bkc->bqk", q, k), [floats([2, 5, 4]), floats([2, 6, 4])]));
  test("attention values", () =>
    check((a, v) => np.einsum("bqk,bkc->bqc", a, v), [floats([2, 5, 6]), floats([2, 6, 4])]));
  test("tensordot over two axes", () => check((x, y) => np.tensordot(x, y, 2), [floats([2, 3, 4]), floats([3, 4, 5])]));
  test("an array with itself", () => check((x) => np.matmul(x.ref, np.transpose(x)), [x34]));
});

describe("convolution", () => {
  const image = floats([2, 3, 6, 5]);
  const kernel = floats([4, 3, 3, 3], 1);
  test("3×3, same", () => check((x, w) => lax.conv(x, w, [1, 1], "SAME"), [image, kernel], 5e-6));
  test("3×3, valid", () => check((x, w) => lax.conv(x, w, [1, 1], "VALID"), [image, kernel], 5e-6));
  test("1×1", () => check((x, w) => lax.conv(x, w, [1, 1], "VALID"), [image, floats([4, 3, 1, 1])], 5e-6));
  test("1×1 of a 1×1 image", () =>
    check((x, w) => lax.conv(x, w, [1, 1], "SAME"), [floats([2, 3, 1, 1]), floats([4, 3, 1, 1])]));
  test("3×3 of a 1×1 image", () =>
    check((x, w) => lax.conv(x, w, [1, 1], "SAME"), [floats([2, 3, 1, 1]), kernel], 5e-6));
  test("stride 2: gradients pad negatively and dilate", () =>
    check((x, w) => lax.conv(x, w, [2, 2], "VALID"), [floats([2, 3, 8, 8]), kernel], 5e-6));
  test("stride 2, same", () => check((x, w) => lax.conv(x, w, [2, 2], "SAME"), [floats([2, 3, 7, 6]), kernel], 5e-6));
  test("dilated kernel", () =>
    check(
      (x, w) =>
        lax.convGeneralDilated(
          x,
          w,
          [1, 1],
          [
            [2, 2],
            [2, 2],
          ],
          { rhsDilation: [2, 2] },
        ),
      [image, kernel],
      5e-6,
    ));
  test("grouped", () =>
    check(
      (x, w) => lax.convGeneralDilated(x, w, [1, 1], "SAME", { featureGroupCount: 2 }),
      [floats([2, 4, 5, 5]), floats([6, 2, 3, 3])],
      5e-6,
    ));
  test("one-dimensional", () =>
    check((x, w) => lax.conv(x, w, [1], "SAME"), [floats([2, 3, 9]), floats([4, 3, 3])], 5e-6));
});

describe("pooling and upsampling", () => {
  const image = floats([2, 3, 4, 6]);
  test("average pooling by reshape", () => check((x) => x.reshape([2, 3, 2, 2, 3, 2]).mean([3, 5]), [image]));
  test("average pooling by windows", () =>
    check((x) => lax.reduceWindow(x, (w) => np.mean(w), [2, 2], [2, 2]), [image]));
  test("overlapping windows", () => check((x) => lax.reduceWindow(x, (w) => np.sum(w), [3, 2], [1, 2]), [image]));
  /** 1 / (pixels of each 3×3 window that lie in an image of 4×5). */
  const realShare = Float32Array.from([2, 3, 3, 2].flatMap((h) => [2, 3, 3, 3, 2].map((w) => 1 / (h * w))));
  for (const block of [3, 16]) {
    const pixels = floats([1, block, 4, 5]);
    const padded = (x: np.Array) =>
      np.pad(x, [
        [0, 0],
        [0, 0],
        [1, 1],
        [1, 1],
      ]);
    const kernel = floats([block, block, 1, 1], 1, 3);
    const convolved = (x: np.Array) =>
      lax.conv(x, np.array(kernel.data as Float32Array<ArrayBuffer>).reshape(kernel.shape), [1, 1], "VALID");
    test(`largest of 3×3 by steps of 2, ${block} channels`, () =>
      check((x) => lax.reduceWindow(convolved(x), (w) => np.max(w), [3, 3], [2, 2]), [pixels], 5e-6));
    test(`largest of padded 3×3, ${block} channels`, () =>
      check((x) => lax.reduceWindow(padded(convolved(x)), (w) => np.max(w), [3, 3]), [pixels], 5e-6));
    test(`mean of the real pixels of padded 3×3, ${block} channels`, () =>
      check(
        (x) => {
          const sums = lax.reduceWindow(padded(convolved(x)), (w) => np.sum(w), [3, 3]);
          return sums.mul(np.array(realShare).reshape([4, 5]));
        },
        [pixels],
        5e-6,
      ));
    test(`rectified convolution, ${block} channels`, () =>
      check((x, b) => np.maximum(convolved(x).add(b.reshape([block, 1, 1])), 0), [pixels, floats([block])], 5e-6));
  }
  test("nearest upsampling", () => check((x) => np.repeat(np.repeat(x, 2, 2), 2, 3), [image]));
});

describe("literals", () => {
  test("NaN", () => checkForward((x) => np.where(np.less(x, 0), Number.NaN, 1), [x34]));
  test("infinities", () =>
    checkForward((x) => np.where(np.less(x, 0), Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY), [x34]));
  test("a constant result", () => checkForward((x) => np.ones([2, 3]).mul(x.sum().mul(0).add(1)), [x34]));
  test("nothing depends on the argument", () => checkForward((x) => np.zerosLike(x), [x34]));
  test("the argument itself", () => checkForward((x) => x, [x34]));
});
