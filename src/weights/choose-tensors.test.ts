import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { tinyConfig } from "../../test/support/tiny.js";
import { resolvePreset } from "../config/index.js";
import { type ParameterTree, parameterSpecs } from "../inference/trained-model.js";
import { PythonName, PythonObject } from "../io/python/python-objects.js";
import { floatTensor, type Tensor } from "../io/tensors/tensor.js";
import { UnreadTensor } from "../io/torch/torch-pickle.js";
import { initialise, mapParameters, modelParameters, parameterEntries } from "../model/index.js";
import { weightsFrom } from "./read-weights.js";
import { toStateDictionary } from "./write-weights.js";

const config = tinyConfig();
const weights: ParameterTree = initialise(modelParameters(config.model, 6), 3);
const halved: ParameterTree = mapParameters(weights, (values) => values.map((value) => value / 2));
/** The same parameters under the authors' names, with something before each. */
const state = (prefix = "", tree = weights) =>
  new Map([...toStateDictionary(tree, config, "authors")].map(([name, tensor]) => [`${prefix}${name}`, tensor]));
const average = (prefix = "") => state(prefix, halved);
const list = () => [...average().values()];
const scalar = (value: number): Tensor => ({ dtype: "int64", shape: [], data: BigInt64Array.of(BigInt(value)) });
const map = (items: Record<string, unknown>) => new Map(Object.entries(items));
const merge = (...maps: Map<string, unknown>[]) => new Map(maps.flatMap((each) => [...each]));
const object = (name: string) => new PythonObject(new PythonName(...(name.split(" ") as [string, string])), []);

const read = (value: unknown, tensors?: string[]) => weightsFrom(value, config, "a.pt", { tensors });
const count = state().size;
/** All numbers of a tree, as one short text. */
const values = (tree: ParameterTree) => {
  const hash = createHash("sha256");
  for (const [, { buffer, byteOffset, byteLength }] of parameterEntries(tree)) {
    hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest("hex");
};

/** Part of the names as `torch.compile` and wrappers of single modules change them. */
const inside = (tensors: Map<string, Tensor>) =>
  new Map(
    [...tensors].map(([name, tensor]) => [
      name.replace("encoder.", "encoder._orig_mod.").replace("layer_list.0.", "layer_list.0.module."),
      tensor,
    ]),
  );
const withoutDots = (prefix: string) =>
  new Map([...average()].map(([name, tensor]) => [`${prefix}${name.replaceAll(".", "")}`, tensor]));

test.each<[string, () => unknown, string]>([
  ["alone", () => state(), ""],
  ["torch.compile", () => state("_orig_mod."), ", without the prefix `_orig_mod.`"],
  ["nested wrappers", () => state("_orig_mod.module.module."), " without the prefix `_orig_mod.module.module.`"],
  ["compiled parts", () => inside(state()), ""],
  ["compiled parts in a wrapper", () => inside(state("_forward_module.")), " without the prefix `_forward_module.`"],
  ["an unknown wrapper", () => state("my_vae.inner."), " without the prefix `my_vae.inner.`"],
  ...["state_dict", "model", "model_state_dict", "net", "network", "params", "weights", "module", "generator"].map(
    (key): [string, () => unknown, string] => [key, () => map({ [key]: state() }), ` from \`${key}\``],
  ),
  [
    "a container, a wrapper",
    () => map({ state_dict: state("_orig_mod.module.") }),
    " from `state_dict`, without the prefix `_orig_mod.module.`",
  ],
  [
    "containers in one another",
    () => map({ a: map({ model: state("net.") }) }),
    " from `a.model`, without the prefix `net.`",
  ],
])("weights: %s", (_, make, from) => {
  const { ema, parameters, notes } = read(make());
  expect(values(ema)).toEqual(values(weights));
  expect(parameters).toBeUndefined();
  expect(notes).toEqual([`Took ${count} tensors${from.replace(/^,/, "")}.`]);
});

test.each<[string, () => unknown, string]>([
  ...[
    "ema",
    "model_ema",
    "ema_state_dict",
    "state_dict_ema",
    "params_ema",
    "g_ema",
    "ema_model",
    "shadow",
    "modelEMA",
  ].map((key): [string, () => unknown, string] => [
    key,
    () => map({ model: state(), [key]: average() }),
    ` from \`model\`; averages from \`${key}\``,
  ]),
  [
    "PyTorch's AveragedModel",
    () => map({ model: state(), swa_model: merge(map({ n_averaged: scalar(3) }), average("module.")) }),
    " from `model`; averages from `swa_model`, without the prefix `module.`",
  ],
  [
    "an AveragedModel of another name",
    () => map({ model: state(), other: merge(map({ n_averaged: scalar(3) }), average("module.")) }),
    " from `model`; averages from `other`, without the prefix `module.`",
  ],
  [
    "torch_ema's list",
    () =>
      map({ model: state(), ema: map({ decay: 0.99, num_updates: 5, shadow_params: list(), collected_params: null }) }),
    " from `model`; averages from `ema.shadow_params`",
  ],
  [
    "the authors' list",
    () => map({ model: state(), ema_parameters: list() }),
    " from `model`; averages from `ema_parameters`",
  ],
  ["one flat dictionary", () => merge(state(), average("ema.")), "; averages without the prefix `ema.`"],
  [
    "a module of buffers without dots",
    () => map({ state_dict: merge(state("model."), withoutDots("model_ema.")) }),
    " from `state_dict`, without the prefix `model.`; averages from `state_dict`, without the prefix `model_ema.`",
  ],
  [
    "Lightning's averages in place of the weights",
    () => map({ state_dict: average(), current_model_state: state(), averaging_state: map({ n_averaged: 3 }) }),
    " from `current_model_state`; averages from `state_dict`",
  ],
  [
    "Lightning's callbacks",
    () => map({ state_dict: state("model."), callbacks: map({ EMA: map({ ema_weights: list() }) }) }),
    " from `state_dict`, without the prefix `model.`; averages from `callbacks.EMA.ema_weights`",
  ],
])("an average beside the weights: %s", (_, make, from) => {
  const { ema, parameters, notes } = read(make());
  expect(values(ema)).toEqual(values(halved));
  expect(values(parameters!)).toEqual(values(weights));
  expect(notes[0]).toBe(`Took ${count} tensors${from}.`);
});

test("an average alone is taken, and told", () => {
  const { ema, parameters, notes } = read(map({ ema: average() }));
  expect(values(ema)).toEqual(values(halved));
  expect(parameters).toBeUndefined();
  expect(notes).toEqual([`Took ${count} tensors from \`ema\`, which are averages; there are no other weights.`]);
});

test("what is not used is counted by group, what is not read is named", () => {
  const one = floatTensor(new Float32Array(1), [1]);
  const { notes, counters } = read(
    map({
      state_dict: merge(state("model."), map({ "loss.a": one, "loss.b": one })),
      hyper_parameters: object("argparse Namespace"),
      ema: object("timm.utils ModelEma"),
      extra: new UnreadTensor("sparse"),
      global_step: 700,
    }),
  );
  expect(notes.slice(1)).toEqual([
    "Not used: `state_dict.loss` (2 tensors), `extra`.",
    "Not read, being objects: timm.utils.ModelEma (`ema`), argparse.Namespace (`hyper_parameters`).",
  ]);
  expect(counters).toMatchObject({ updates: 700 });
});

test("the usual container comes before others, and the same tensors twice are no question", () => {
  expect(read(map({ best: average(), model: state() })).notes).toEqual([
    `Took ${count} tensors from \`model\`.`,
    `Not used: \`best\` (${count} tensors).`,
  ]);
  expect(values(read(map({ model: state(), net: state() })).ema)).toEqual(values(weights));
});

test("of two with an equal claim the user says which, by the option", () => {
  const two = map({ model: state(), net: average(), "ema_0.9": average(), "ema_0.99": state() });
  expect(() => read(two)).toThrow(
    'Expected one set of weights in a.pt, got 2 with an equal claim: model, net. Say which to take: `tensors: ["model"]`.',
  );
  expect(values(read(two, ["net."]).ema)).toEqual(values(halved));
  const both = read(two, ["model", "ema_0.9"]);
  expect([values(both.parameters!), values(both.ema)]).toEqual([values(weights), values(halved)]);
  expect(() => read(map({ model: state(), "ema_0.9": average(), "ema_0.99": state() }))).toThrow(
    'Expected one set of averages in a.pt, got 2 with an equal claim: ema_0.9, ema_0.99. Say which to take: `tensors: ["model","ema_0.9"]`.',
  );
  expect(() => read(two, ["other"])).toThrow(
    "Expected a prefix of tensors in a.pt that fit this model, one of model, net, ema_0.9, ema_0.99, got other.",
  );
});

test("an average of another model is not dropped in silence", () => {
  const short = list().slice(1);
  expect(() => read(map({ model: state(), ema: map({ shadow_params: short }) }))).toThrow(
    `Expected ${count} tensors in a.pt (ema.shadow_params), one for each parameter, got a list of ${count - 1}. To take the weights alone: \`tensors: ["model"]\`.`,
  );
  const broken = average();
  broken.delete("outproj.bias");
  expect(() => read(map({ model: state(), ema: broken }))).toThrow(
    /1 missing:\n {4}outproj\.bias \[6\]\n.*`tensors: \["model"\]`/s,
  );
  expect(values(read(map({ model: state(), ema: broken }), ["model"]).ema)).toEqual(values(weights));
});

test("weights of a larger model are not those of a smaller one", () => {
  const larger = state("module.").set(
    "module.layer_list.0.layer_list.7.zproj.weight",
    floatTensor(new Float32Array(1), [1]),
  );
  expect(() => read(larger)).toThrow(/behind "module" that do not fit:\n {2}1 not of this model:\n.*zproj\.weight/);
});

test.each<[string, () => unknown, RegExp]>([
  [
    "a preset",
    () => {
      const preset = resolvePreset("emoji32-small");
      const zeros = mapParameters(
        parameterSpecs(preset),
        ({ shape }) => new Float32Array(shape.reduce((a, b) => a * b, 1)),
      );
      return toStateDictionary(zeros, preset, "authors");
    },
    /They are those of another preset, emoji32-small: give that one\.$/,
  ],
  [
    "another network",
    () => map({ "blocks.0.attn.qkv.weight": floatTensor(new Float32Array(1), [1]) }),
    /1 not of this model:\n {4}"blocks\.0\.attn\.qkv\.weight"\nHardly a name is one of such a model/,
  ],
  [
    "quantised tensors",
    () => state().set("outproj.weight", new UnreadTensor("quantised") as unknown as Tensor),
    /outproj\.weight: expected \[6, 8, 1, 1\], got a tensor that is not read \(quantised\)\nSave dense tensors/,
  ],
  [
    "a whole module",
    () => {
      const module = object("models.vae VAE");
      module.setState(map({ _modules: new Map(), _parameters: state() }));
      return map({ model: module, epoch: 3 });
    },
    /got a whole module of the class models\.vae\.VAE \(model\), whose code is not in the file.*torch\.save\(model\.state_dict\(\)/,
  ],
])("advice that fits what was found: %s", (_, make, message) => {
  expect(() => read(make())).toThrow(message);
});

const broken = (values: number[], dtype: "float32" | "float64" = "float32", prefix = "") =>
  state(prefix).set(`${prefix}outproj.bias`, {
    dtype,
    shape: [6],
    data: dtype === "float32" ? Float32Array.from(values) : Float64Array.from(values),
  });

test.each<[string, () => unknown, string]>([
  [
    "NaN and infinity",
    () => broken([Number.NaN, Infinity, -Infinity, 1, 2, 3]),
    "outproj.bias (1 NaN, 2 infinite). Take an earlier checkpoint.",
  ],
  [
    "too large for float32",
    () => broken([1e39, 1, 2, 3, 4, 5], "float64"),
    "outproj.bias (1 beyond the largest float32). Take",
  ],
  [
    "an average alone",
    () => map({ model: state(), ema: broken([Number.NaN, 1, 2, 3, 4, 5]) }),
    'outproj.bias (1 NaN). The weights beside this average are whole: `tensors: ["model"]`.',
  ],
])("weights that no image can be made with are refused by name: %s", (_, make, message) => {
  expect(() => read(make())).toThrow(
    `Expected weights that are numbers in a.pt, got 1 tensor with values that no image can be made with: ${message}`,
  );
});

test("where the average is whole, broken weights beside it are left out, and told", () => {
  const { ema, parameters, notes } = read(map({ model: broken([Number.NaN, 1, 2, 3, 4, 5]), ema: average() }));
  expect(values(ema)).toEqual(values(halved));
  expect(parameters).toBeUndefined();
  expect(notes.at(-1)).toBe(
    "Left out the weights without averaging, which no image can be made with: outproj.bias (1 NaN).",
  );
});
