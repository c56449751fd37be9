import { expect, test } from "vitest";
import { type FixtureName, fixture, fixtureNames } from "../../test/support/fixtures.js";
import { readGoldenJson } from "../../test/support/golden.js";
import { tinyConfig } from "../../test/support/tiny.js";
import type { ParameterTree } from "../inference/trained-model.js";
import { bytesOf, floatTensor, type Tensor } from "../io/tensors/tensor.js";
import { readTorchFile } from "../io/torch/torch-file.js";
import { initialise, modelParameters, parameterEntries } from "../model/index.js";
import { weightsFrom } from "./read-weights.js";
import { type Naming, toStateDictionary } from "./write-weights.js";

const config = tinyConfig();
const parameters = initialise(modelParameters(config.model, 6), 3);
const whole = (naming: Naming = "authors") => toStateDictionary(parameters, config, naming);
const read = (tensors: Map<string, Tensor>) => weightsFrom(tensors, config, "a.pt").ema;
const elements = (tree: ParameterTree) => parameterEntries(tree);

test.each<FixtureName>([...fixtureNames])("%s: the authors' file to parameters and back", async (name) => {
  const { config, names, weights } = fixture(name);
  const file = (await readTorchFile(`test/fixtures/${name}/weights.pt`)) as Map<string, Tensor>;
  const tree = weightsFrom(file, config, name).ema;
  const wrong = parameterEntries(tree).filter(([path, found]) => {
    const { data } = weights(names.get(path)!);
    return found.length !== data.length || found.some((value, index) => value !== data[index]);
  });
  expect(wrong.map(([path]) => path)).toEqual([]);
  const again = toStateDictionary(tree, config, "authors");
  expect([...again.keys()]).toEqual(readGoldenJson(`${name}/config.json`).derived.parameter_order);
  for (const [key, tensor] of again) {
    const { dtype, shape } = file.get(key)!;
    expect({ dtype: tensor.dtype, shape: tensor.shape }, key).toEqual({ dtype, shape });
    expect(Buffer.compare(bytesOf(tensor), bytesOf(file.get(key)!)), key).toBe(0);
  }
});

test.each<Naming>(["ours", "authors"])("parameters come back from %s names, in any order", (naming) => {
  const turned = new Map([...whole(naming)].reverse());
  expect(elements(read(turned))).toEqual(elements(parameters));
});

test("float64, float16 and bfloat16 become float32", () => {
  const tensors = whole();
  const halves = new Map<string, Tensor>();
  for (const [name, { shape }] of tensors) {
    const values = new Float32Array(shape.reduce((product, size) => product * size, 1)).fill(-1.5);
    const dtype = (["float64", "float16", "bfloat16", "float32"] as const)[halves.size % 4];
    halves.set(
      name,
      dtype === "float64" ? { dtype, shape, data: Float64Array.from(values) } : floatTensor(values, shape, dtype),
    );
  }
  const found = elements(read(halves));
  expect(found.every(([, leaf]) => leaf instanceof Float32Array && leaf.every((value) => value === -1.5))).toBe(true);
});

test("what is missing, of another shape or type, or not of this model is named in one message", () => {
  const tensors = whole();
  tensors.delete("outproj.bias");
  tensors.set("outproj.weight", floatTensor(new Float32Array(6), [6, 1, 1, 1]));
  tensors.set("initial_x", { dtype: "int64", shape: [1, 8, 1, 1], data: new BigInt64Array(8) });
  tensors.set("layer_list.9.\x1b[2J", floatTensor(new Float32Array(1), [1]));
  expect(() => read(tensors)).toThrow(
    `Expected the ${tensors.size} parameters of this model in a.pt, got ${tensors.size} tensors that do not fit:
  1 missing:
    outproj.bias [6]
  2 of another shape or type:
    initial_x: expected [1, 8, 1, 1], got int64 [1, 8, 1, 1]
    outproj.weight: expected [6, 8, 1, 1], got float32 [6, 1, 1, 1]
  1 not of this model:
    "layer_list.9.\\u001b[2J"
Give the configuration that the weights were trained with.`,
  );
});

test("of many the first ten are named", () => {
  expect(() => read(new Map([["outproj.bias", floatTensor(new Float32Array(6), [6])]]))).toThrow(
    new RegExp(
      `got 1 tensor that do not fit:\n  ${whole().size - 1} missing:\n(    .*\\n){10}    … and ${whole().size - 11} more\n`,
    ),
  );
});

test("a model with learned positions has no names in the authors' program", () => {
  const ofOurs = tinyConfig({ model: { positions: true } });
  const drawn = initialise(modelParameters(ofOurs.model, 6), 3);
  expect(() => toStateDictionary(drawn, ofOurs, "authors")).toThrow(
    "expected a model that it can build, got one with learned positions (model.positions)",
  );
  const names = [...toStateDictionary(drawn, ofOurs, "ours").keys()];
  expect(names).toContain("generator.levels.1.position");
});
