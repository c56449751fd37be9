import { expect, test } from "vitest";
import { GraphBuilder } from "./builder.js";
import { multiplyAccumulates, peakBytes } from "./cost.js";
import { Value } from "./graph.js";

const interval: [number, number] = [1, 1];
const same = {
  strides: [1, 1],
  padding: [interval, interval],
  dilation: [1, 1],
  groups: 1,
  swapped: false,
  mirrored: false,
  rectified: false,
};

test("a convolution multiplies every output by a whole filter, a product by the contracted axis", () => {
  const builder = new GraphBuilder();
  const [image, filter] = [new Value([2, 3, 8, 8], "float32"), new Value([5, 3, 3, 3], "float32")];
  const [convolved] = builder.emit("conv", [image, filter], same);
  const [rows] = builder.emit("reshape", [convolved], { shape: [10, 64] });
  const [weight] = [new Value([64, 7], "float32")];
  const [product] = builder.emit("dotGeneral", [rows, weight], { batch: [], contract: [[1, 0]] });
  const graph = builder.build([image, filter, weight], [product]);
  expect(multiplyAccumulates(graph)).toBe(2 * 5 * 64 * 27 + 10 * 7 * 64);
});

test("memory peaks where most arrays are alive; a reshape adds none; inputs stay", () => {
  const builder = new GraphBuilder();
  const input = new Value([100], "float32");
  const [first] = builder.emit("exp", [input], {});
  const [second] = builder.emit("exp", [first], {}); // input, first, second: 1200 bytes
  const [third] = builder.emit("exp", [second], {}); // first is gone: still 1200
  const [shaped] = builder.emit("reshape", [third], { shape: [10, 10] });
  const [sum] = builder.emit("reduce", [shaped], { op: "sum", axes: [0, 1] });
  expect(peakBytes(builder.build([input], [sum]))).toBe(1200);
  const kept = builder.emit("add", [first, third], {});
  expect(peakBytes(builder.build([input], kept))).toBe(1600);
});
