/** Operations at batch sizes that were not traced, run by ONNX Runtime itself, against the engine at each size. */
import { fromBinary } from "@bufbuild/protobuf";
import { lax, nn, numpy as np } from "@jax-js/jax";
import { ModelProtoSchema } from "onnx-buf";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { afterAll, describe, expect, test } from "vitest";
import { difference, floats, ints, onEngine, type Sample, testRuntime } from "../../test/support/against-jax.js";
import { portableModel } from "./portable.js";
import { type Spec, spec, type TypedArray } from "./spec.js";

afterAll(() => testRuntime().dispose());

type Fn = (...args: np.Array[]) => np.Array;
type Inputs = (batch: number) => Spec[];

const weight = floats([4, 3, 3, 3], 0.5, 9);
const about = { description: "a test", metadata: { answer: "42" } };

/** The model of `fn`, whose last argument is the weight, as bytes. */
function modelOf(fn: Fn, inputs: Inputs): Uint8Array {
  const named = (w: np.Array, args: Record<string, np.Array>) => ({ result: fn(...Object.values(args), w) });
  const weights = { specs: spec(weight.shape), data: weight.data };
  const record = (batch: number) => Object.fromEntries(inputs(batch).map((each, index) => [`x${index}`, each]));
  return portableModel({ fn: named, weights, inputs: record }, about);
}

const sample = ({ shape, dtype }: Spec): Sample =>
  dtype === "int32" ? ints(Array.from({ length: shape[0] }, (_, index) => index % 3)) : floats(shape);

/** Fails unless the model computes what the engine does at several batch sizes. */
async function check(fn: Fn, inputs: Inputs): Promise<void> {
  const session = await InferenceSession.create(modelOf(fn, inputs), { intraOpNumThreads: 1, logSeverityLevel: 3 });
  for (const batch of [1, 2, 3, 5]) {
    const given = inputs(batch).map(sample);
    const feeds = given.map(({ data, shape, dtype }, index) => {
      return [`x${index}`, new Tensor(dtype as "float32", data as Float32Array, shape)];
    });
    const { result } = await session.run(Object.fromEntries(feeds));
    const expected = await onEngine(fn, [...given, weight]);
    expect(difference(result.data as TypedArray, expected)).toBeLessThan(2e-6);
  }
  await session.release();
}

const images: Inputs = (batch) => [spec([batch, 3, 4, 4])];
const rows: Inputs = (batch) => [spec([batch, 6])];
const labels: Inputs = (batch) => [spec([batch], "int32")];

describe("at any batch size", () => {
  test("elementwise operations", () => check((x) => np.exp(x.ref).add(x).mul(2), rows));
  test("literals of the batch's shape", () => check((x) => np.concatenate([x.ref, np.full(x.shape, 3)], 0), rows));
  test("repetition over the batch", () =>
    check((x, w) => x.ref.add(np.broadcastTo(w.reshape([1, 108]).slice([], [0, 6]), x.shape)), rows));
  test("repetition beside the batch", () =>
    check((x) => np.broadcastTo(x.ref.reshape([x.shape[0], 1, 6]), [x.shape[0], 5, 6]), rows));
  test("axes joined with the batch and taken apart again", () =>
    check((x) => {
      const [n, c, h, w] = x.shape;
      const pixels = x
        .reshape([n, c, h * w])
        .transpose([0, 2, 1])
        .reshape([n * h * w, c]);
      return np.exp(pixels).reshape([n, h, w, c]);
    }, images));
  test("every image with every other", () => check((x) => np.matmul(x.ref, x.transpose([1, 0])), rows));
  test("halves of a batch of twice the size", () =>
    check((x) => {
      const [one, two] = np.split(np.concatenate([x.ref, x.mul(2)], 0), 2, 0);
      return one.mul(two);
    }, rows));
  test("a part of a batch of twice the size", () =>
    check((x) => {
      const [n] = x.shape;
      return np.concatenate([x.ref, x.mul(2)], 0).slice([n, 2 * n]);
    }, rows));
  test("sums and maxima of other axes", () => check((x) => x.ref.sum(1).add(np.max(x, 1)), rows));
  test("convolution", () =>
    check(
      (x, w) =>
        lax.convGeneralDilated(
          x,
          w,
          [1, 1],
          [
            [1, 1],
            [1, 1],
          ],
        ),
      images,
    ));
  test("convolution of images smaller than its window", () =>
    check(
      (x, w) =>
        lax.convGeneralDilated(
          x,
          w,
          [1, 1],
          [
            [1, 1],
            [1, 1],
          ],
        ),
      (batch) => [spec([batch, 3, 2, 2])],
    ));
  test("convolution of single pixels", () =>
    check(
      (x, w) =>
        lax.convGeneralDilated(
          x,
          w.slice([], [], [0, 1], [0, 1]),
          [1, 1],
          [
            [0, 0],
            [0, 0],
          ],
        ),
      (batch) => [spec([batch, 3, 1, 1])],
    ));
  test("larger and smaller images", () =>
    check((x) => {
      const [n] = x.shape;
      const larger = np.broadcastTo(x.reshape([n, 3, 4, 1, 4, 1]), [n, 3, 4, 2, 4, 2]).reshape([n, 3, 8, 8]);
      return np.exp(larger).reshape([n, 3, 2, 4, 2, 4]).mean([3, 5]);
    }, images));
  test("attention", () =>
    check((x) => {
      const [n, c, h, w] = x.shape;
      const tokens = x.reshape([n, c, h * w]).transpose([0, 2, 1]);
      const scores = np.matmul(tokens.ref, tokens.ref.transpose([0, 2, 1]));
      return np.matmul(nn.softmax(scores, -1), tokens);
    }, images));
  test("rows by label, of labels and of a label for all", () =>
    check((label, w) => {
      const none = np.full(label.shape, 3, { dtype: np.int32 });
      return np.take(w.reshape([4, 27]), np.concatenate([label, none], 0), 0);
    }, labels));
  test("choice and comparison", () => check((x) => np.where(np.less(x.ref, 0.5), np.zeros(x.shape), x), rows));
});

describe("a portable model", () => {
  const model = fromBinary(
    ModelProtoSchema,
    modelOf((x) => np.exp(x.ref.reshape([x.shape[0] * 6])), rows),
  );

  test("names its inputs, outputs and open sizes", () => {
    const sizes = ({ type }: (typeof model.graph & object)["input"][number]) =>
      type?.value.case === "tensorType" ? type.value.value.shape?.dim.map(({ value }) => value.value) : undefined;
    const { input, output } = model.graph!;
    expect([...input, ...output].map(({ name }) => name)).toEqual(["x0", "result"]);
    expect([...input, ...output].map(sizes)).toEqual([["N", 6n], ["6N"]]);
  });

  test("has standard operators of an old version only, in an order in which they can be run", () => {
    expect(model.opsetImport.map(({ domain, version }) => [domain, version])).toEqual([["", 18n]]);
    expect(model.irVersion).toBe(8n);
    const known = new Set([...model.graph!.input, ...model.graph!.initializer].map(({ name }) => name));
    for (const { input, output } of model.graph!.node) {
      expect(input.every((name) => known.has(name))).toBe(true);
      for (const name of output) known.add(name);
    }
  });

  test("tells about itself", () => {
    expect(model.docString).toBe("a test");
    expect(model.metadataProps.map(({ key, value }) => [key, value])).toEqual([["answer", "42"]]);
  });
});

describe("what depends on the batch size in another way is refused", () => {
  const refusal = "expected a function whose batch size may be any, got one that depends on it: ";

  test("a mean over the batch", () => {
    expect(() => modelOf((x) => x.mean(0), rows)).toThrow(`${refusal}float32[6] = mul`);
  });
  test("a size that is no multiple", () => {
    expect(() => modelOf((x) => np.concatenate([x.ref, np.ones([1, 6])], 0), rows)).toThrow(
      `${refusal}float32[65538,6]`,
    );
  });
  test("a size that is the square of it", () => {
    expect(() => modelOf((x) => np.matmul(x.ref, x.transpose([1, 0])).reshape([x.shape[0] ** 2]), rows)).toThrow(
      refusal,
    );
  });
  test("the number of an image in its batch", () => {
    const numbered: Fn = (x) => x.ref.add(np.arange(x.shape[0]).astype(np.float32).reshape([x.shape[0], 1]));
    expect(() => modelOf(numbered, rows)).toThrow(
      "expected constants that do not depend on the batch size, got int32[N]",
    );
  });
  test("a constant made of it", () => {
    const divided: Fn = (x) => x.mul(np.array([1 / x.shape[0], 1, 2, 3, 4, 5]));
    expect(() => modelOf(divided, rows)).toThrow(
      "constants that do not depend on the batch size, got one of float32[6]",
    );
  });
  test("a batch in reverse", () => {
    expect(() => modelOf((x) => np.flip(x, 0), rows)).toThrow(
      "expected constants that do not depend on the batch size, got int64[N]",
    );
  });
});
