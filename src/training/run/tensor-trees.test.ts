import { expect, test } from "vitest";
import { spec } from "../../engine/spec.js";
import { fromTensors, toTensors } from "./tensor-trees.js";

const shapes = { levels: [{ weight: spec([2, 1]) }, { weight: spec([1]) }] };
const values = { levels: [{ weight: Float32Array.of(1, 2) }, { weight: Float32Array.of(3) }] };

test("a tree becomes named tensors and comes back", () => {
  const tensors = toTensors(shapes, values);
  expect([...tensors.keys()]).toEqual(["levels.0.weight", "levels.1.weight"]);
  expect(tensors.get("levels.0.weight")).toEqual({ dtype: "float32", shape: [2, 1], data: values.levels[0].weight });
  expect(fromTensors(shapes, tensors, "file")).toEqual(values);
});

test("missing, misshapen and surplus tensors are named", () => {
  const tensors = toTensors(shapes, values);
  const misshapen = new Map(tensors).set("levels.1.weight", {
    dtype: "float32",
    shape: [3],
    data: new Float32Array(3),
  });
  expect(() => fromTensors(shapes, misshapen, "step-5/ema.safetensors")).toThrow(
    "Expected the tensor levels.1.weight of shape float32 [1] in step-5/ema.safetensors, got float32 [3].",
  );
  const missing = new Map([...tensors].slice(0, 1));
  expect(() => fromTensors(shapes, missing, "f")).toThrow("levels.1.weight of shape float32 [1] in f, got none");
  const surplus = new Map(tensors).set("more", { dtype: "float32", shape: [1], data: new Float32Array(1) });
  expect(() => fromTensors(shapes, surplus, "f")).toThrow("Expected 2 tensors in f, got 3, among them more.");
});
