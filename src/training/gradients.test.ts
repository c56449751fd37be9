import { expect, test } from "vitest";
import { type Changes, tinyConfig, tinySuperResolution } from "../../test/support/tiny.js";
import { prepare } from "../engine/compile.js";
import { deviceTraits, sizeOf } from "../engine/index.js";
import { stableHloTarget } from "../engine/stablehlo/target.js";
import { gradientsFunction } from "./gradients.js";

const attentive = tinyConfig().model.levels.map((level) => ({ ...level, attention: 1 }));

test.each<[string, Changes]>([
  ["as it is", {}],
  ["with attention and labels", { model: { levels: attentive, classes: 4 } }],
  [
    "that enlarges, with a mixture of logistics",
    { model: tinySuperResolution, objective: { output: "logistic-mixture" } },
  ],
  ["rematerialised, in micro-batches", { training: { rematerialise: true, microBatchSize: 4 } }],
])("with activations in bfloat16, gradients, metrics, rates and latents of a model are float32: %s", (_, changes) => {
  const config = tinyConfig(changes);
  const { fn, args, rematerialise } = gradientsFunction(config, deviceTraits.xla);
  const { graph } = prepare(fn, args, { target: stableHloTarget("bfloat16", 1), rematerialise });
  expect(new Set(graph.outputs.map(({ dtype }) => dtype))).toEqual(new Set(["float32"]));

  const computed = graph.equations.filter(({ op }) => op !== "cast");
  const typesOf = (...wanted: string[]) =>
    new Set(computed.filter(({ op }) => wanted.includes(op)).flatMap(({ inputs }) => inputs.map(({ dtype }) => dtype)));
  expect(typesOf("reduce", "log", "exp", "sqrt", "softplus", "reciprocal")).toEqual(new Set(["float32"]));
  const factors = typesOf("conv");
  expect(factors).toEqual(new Set(["bfloat16"]));

  // Most of what the size of an image is narrow: what remains is around latents, which have half the channels here.
  const elements = (dtype: string) =>
    computed
      .flatMap(({ outputs }) => outputs)
      .filter((output) => output.dtype === dtype && output.shape.length === 4)
      .reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  expect(elements("bfloat16")).toBeGreaterThan(elements("float32"));
});
