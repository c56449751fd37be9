import { expect, test } from "vitest";
import { GraphBuilder } from "../graph/builder.js";
import { peakBytes } from "../graph/cost.js";
import { type Atom, Value } from "../graph/graph.js";
import { hoist } from "./hoist.js";

const product = { batch: [], contract: [[0, 0]] } as const;

test("gradients of weights follow their layer's cotangent instead of waiting for the last one", () => {
  const builder = new GraphBuilder();
  const weight = new Value([20, 20], "float32");
  let cotangent: Atom = new Value([20, 500], "float32");
  const inputs = [weight, cotangent as Value];
  const cotangents: Atom[] = [];
  for (let layer = 0; layer < 10; layer++) {
    [cotangent] = builder.emit("dotGeneral", [weight, cotangent], product);
    cotangents.push(cotangent);
  }
  const squares = cotangents.map((x) => builder.emit("mul", [x, x], {})[0]);
  const sums = squares.map((x) => builder.emit("reduce", [x], { op: "sum", axes: [0, 1] })[0]);
  const graph = builder.build(inputs, sums);
  const early = hoist(graph);
  expect(early.equations.map(({ op }) => op).slice(0, 4)).toEqual(["dotGeneral", "mul", "reduce", "dotGeneral"]);
  expect(new Set(early.equations)).toEqual(new Set(graph.equations));
  expect(peakBytes(early)).toBeLessThan(0.6 * peakBytes(graph));
});
