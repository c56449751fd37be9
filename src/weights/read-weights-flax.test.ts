import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type FixtureName, fixture, fixtureNames } from "../../test/support/fixtures.js";
import {
  arrayOf,
  dictionaryOf,
  type Flavour,
  type FlaxArray,
  flaxPickle,
  global,
  latin1,
  pickled,
  text,
  treeOf,
} from "../../test/support/flax-files.js";
import { tinyConfig } from "../../test/support/tiny.js";
import { UserError } from "../errors.js";
import type { ParameterTree } from "../inference/trained-model.js";
import * as bfloat16 from "../io/tensors/bfloat16.js";
import * as float16 from "../io/tensors/float16.js";
import { initialise, mapParameters, modelParameters, parameterEntries } from "../model/index.js";
import { weightsFrom } from "./read-weights.js";
import { readPickledWeights } from "./weights-file.js";

const config = tinyConfig({ model: { classes: 2 } });
const weightsOf = (file: Uint8Array, of = config) => weightsFrom(readPickledWeights(file, "a.p").value, of, "a.p");
const read = (file: Uint8Array, of = config): ParameterTree => weightsOf(file, of).ema;

test.each<FixtureName>([...fixtureNames])("%s: what JAX and Flax themselves wrote", (name) => {
  const { config, names, weights } = fixture(name);
  const tree = read(readFileSync(`test/fixtures/${name}/weights.p`), config);
  const wrong = parameterEntries(tree).filter(([path, found]) => {
    const { data } = weights(names.get(path)!);
    return found.length !== data.length || found.some((value, index) => value !== data[index]);
  });
  expect(wrong.map(([path]) => path)).toEqual([]);
});

const specs = modelParameters(config.model, 6);
/** Numbers that float16 and bfloat16 hold too. */
const parameters: ParameterTree = mapParameters(initialise(specs, 3), (values) =>
  values.map((_, index) => ((index % 15) - 7) / 4),
);

/** The parameters as Flax lays them out, element by element: O I H W → H W I O, C H W → H W C. */
function flaxArrays(): Map<string, FlaxArray> {
  const shapes = new Map(parameterEntries(specs));
  return new Map(
    parameterEntries(parameters).map(([path, values]) => {
      const { shape, names } = shapes.get(path)!;
      const name = names.flax;
      if (shape.length === 1 || name.endsWith("embedding")) return [name, { shape, bytes: bytesOf(values) }];
      const [outputs, inputs, height = 1, width = 1] = name === "initial_x" ? [shape[1], 1, shape[2], shape[3]] : shape;
      const flax: number[] = [];
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++)
          for (let i = 0; i < inputs; i++)
            for (let o = 0; o < outputs; o++) flax.push(values[((o * inputs + i) * height + y) * width + x]);
      const layout = name === "initial_x" ? [1, height, width, outputs] : [height, width, inputs, outputs];
      return [
        name,
        { shape: shape.length === 2 ? [inputs, outputs] : layout, bytes: bytesOf(Float32Array.from(flax)) },
      ];
    }),
  );
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
const floats = ({ bytes }: FlaxArray) => new Float32Array(Uint8Array.from(bytes).buffer);
const changed = (change: (array: FlaxArray) => FlaxArray) =>
  new Map([...flaxArrays()].map(([name, array]) => [name, change(array)]));
const elements = (tree: ParameterTree) => parameterEntries(tree);

test.each<[string, Flavour]>([
  ["NumPy 1, as JAX before 0.3.14 wrote its arrays too", {}],
  ["NumPy 2", { numpy: 2 }],
  [
    "JAX 0.3.14 and later, in Flax's dictionary",
    { array: "jax._src.device_array reconstruct_device_array", frozen: true },
  ],
  ["JAX 0.3.17", { array: "jax.experimental.array _reconstruct_array" }],
  ["JAX of today", { array: "jax._src.array _reconstruct_array", numpy: 2 }],
])("arrays of %s", (_, flavour) => {
  expect(elements(read(flaxPickle(treeOf(flaxArrays()), flavour)))).toEqual(elements(parameters));
});

test.each<[string, (array: FlaxArray) => FlaxArray]>([
  ["float16", (array) => ({ ...array, type: "f2", bytes: bytesOf(float16.narrow(floats(array))) })],
  ["bfloat16", (array) => ({ ...array, type: "bfloat16", bytes: bytesOf(bfloat16.narrow(floats(array))) })],
  ["float64", (array) => ({ ...array, type: "f8", bytes: bytesOf(Float64Array.from(floats(array))) })],
])("%s becomes float32", (_, change) => {
  expect(elements(read(flaxPickle(treeOf(changed(change)))))).toEqual(elements(parameters));
});

test("kernels in Fortran order, as arrays of TPUs can come", () => {
  const fortran = (array: FlaxArray): FlaxArray => {
    const [height, width, inputs, outputs] = array.shape;
    if (outputs === undefined) return array;
    const values = floats(array);
    const turned: number[] = [];
    for (let o = 0; o < outputs; o++)
      for (let i = 0; i < inputs; i++)
        for (let x = 0; x < width; x++)
          for (let y = 0; y < height; y++) turned.push(values[((y * width + x) * inputs + i) * outputs + o]);
    return { ...array, fortran: true, bytes: bytesOf(Float32Array.from(turned)) };
  };
  expect(elements(read(flaxPickle(treeOf(changed(fortran)))))).toEqual(elements(parameters));
});

test("of a training state average and parameters are taken, of a model's variables the parameters", () => {
  const tree = treeOf(flaxArrays());
  const zeros = treeOf(changed((array) => ({ ...array, bytes: new Uint8Array(array.bytes.length) })));
  const step: FlaxArray = { shape: [], bytes: Uint8Array.of(1, 0, 0, 0), type: "i4" };
  const state = weightsOf(flaxPickle({ step, params: zeros, ema_params: tree }));
  expect(elements(state.ema)).toEqual(elements(parameters));
  expect(elements(state.parameters!).every(([, values]) => values.every((value) => value === 0))).toBe(true);
  expect(state.counters).toMatchObject({ updates: 1 });
  expect(elements(read(flaxPickle({ params: tree, singular_vectors: zeros })))).toEqual(elements(parameters));
});

test("the table that the authors' model never uses is skipped", () => {
  const arrays = flaxArrays().set("embed/embedding", { shape: [3, 8], bytes: new Uint8Array(96) });
  expect(elements(read(flaxPickle(treeOf(arrays))))).toEqual(elements(parameters));
});

test("the parameters do not keep the file in memory", () => {
  const file = flaxPickle(treeOf(flaxArrays()));
  expect(elements(read(file)).filter(([, { buffer }]) => buffer === file.buffer)).toEqual([]);
});

test("what is missing, of another shape or type, or not of this model is named in one message", () => {
  const arrays = flaxArrays();
  arrays.delete("outproj/bias");
  arrays.set("outproj/kernel", { shape: [1, 1, 6, 8], bytes: new Uint8Array(192) });
  arrays.set("initial_x", { shape: [1, 1, 1, 8], bytes: new Uint8Array(64), type: "i8" });
  arrays.set("layer_list_9/\x1b[2J", { shape: [1], bytes: new Uint8Array(4) });
  expect(() => read(flaxPickle(treeOf(arrays)))).toThrow(
    `Expected the ${arrays.size} parameters of this model in a.p, got ${arrays.size} tensors that do not fit:
  1 missing:
    outproj/bias [6]
  2 of another shape or type:
    initial_x: expected [1, 1, 1, 8], got int64 [1, 1, 1, 8]
    outproj/kernel: expected [1, 1, 8, 6], got float32 [1, 1, 6, 8]
  1 not of this model:
    "layer_list_9/\\u001b[2J"
Give the configuration that the weights were trained with.`,
  );
});

test("of many the first ten are named", () => {
  expect(() => read(flaxPickle({ a: { shape: [1], bytes: new Uint8Array(4) } }))).toThrow(
    /got 1 tensor that do not fit:\n {2}\d+ missing:\n( {4}.*\n){10} {4}… and \d+ more\n/,
  );
});

const array = (shape: number[], bytes = new Uint8Array(4)) => arrayOf({ shape, bytes });
const whole = (kernel: FlaxArray) => flaxPickle(treeOf(flaxArrays().set("outproj/bias", kernel)));

test.each<[string, () => Buffer, RegExp]>([
  [
    "a call of the system",
    () => pickled(global("posix system"), text("true"), latin1("\x85R")),
    /asks for Python's "posix system".*do not open it/,
  ],
  [
    "a class of the authors' training code",
    () => pickled(global("visual_vae.jax.training_utils EMATrainState"), latin1(")R")),
    /Expected tensors by name in a\.p, got an object of visual_vae\.jax\.training_utils\.EMATrainState\./,
  ],
  [
    "too few elements",
    () => whole({ shape: [6], bytes: new Uint8Array(20) }),
    /an array has 20 bytes, its shape \[6\] needs 24/,
  ],
  ["too many elements", () => whole({ shape: [6], bytes: new Uint8Array(28) }), /an array has 28 bytes/],
  [
    "complex numbers",
    () => whole({ shape: [6], bytes: new Uint8Array(48), type: "c8" }),
    /outproj\/bias: expected \[6\], got a tensor that is not read \(c8\)/,
  ],
  [
    "a huge shape",
    () => whole({ shape: [2 ** 31 - 1, 2 ** 31 - 1, 2 ** 31 - 1], bytes: new Uint8Array(4) }),
    /outproj\/bias: expected \[6\], got float32 \[2147483647, 2147483647, 2147483647\]/,
  ],
  [
    "deep nesting",
    () => pickled(latin1("}X\x01\0\0\0a".repeat(200)), latin1(`}${"s".repeat(200)}`)),
    /nested more than 100 levels deep/,
  ],
  ["a tree that contains itself", () => pickled(latin1("}q\x01X\x01\0\0\0ah\x01s")), /it contains itself/],
  ["a list", () => pickled(latin1("]")), /got a list of 0/],
  [
    "a number alone",
    () => pickled(dictionaryOf([["outproj", latin1("K\x01")]])),
    /got a dictionary of 1 \("outproj"\)/,
  ],
  [
    "more arrays than any model has",
    () => {
      const names = Array.from({ length: 100_001 }, (_, index) => Buffer.concat([text(`${index}`), latin1("h\x01")]));
      return pickled(array([1]), latin1("q\x010}("), ...names, latin1("u"));
    },
    /it has more than 100000 tensors/,
  ],
  ["nothing", () => Buffer.alloc(0), /it is cut off/],
  ["a part of a file", () => flaxPickle(treeOf(flaxArrays())).subarray(0, 1000), /it is cut off/],
])("refuses %s", (_, make, message) => {
  const file = make();
  expect(() => read(file)).toThrow(UserError);
  expect(() => read(file)).toThrow(message);
});
