import { beforeAll, expect, test } from "vitest";
import { fixture } from "../../test/support/fixtures.js";
import type { Tensor } from "../io/tensors/tensor.js";
import { readTorchFile } from "../io/torch/torch-file.js";
import { parameterEntries } from "../model/index.js";
import { weightsFrom } from "./read-weights.js";

const { config, names } = fixture("uncond16");
const read = (value: unknown) => weightsFrom(value, config, "ckpt.pt");

let file: Map<string, unknown>;
beforeAll(async () => {
  file = (await readTorchFile("test/fixtures/uncond16/train_state.pt")) as typeof file;
});
const changed = (key: string, value: unknown) => new Map([...file, [key, value]]);

test("a training checkpoint gives weights, average, moments and counters", async () => {
  const { parameters, ema, moments, counters } = read(file);
  const model = file.get("model") as Map<string, Tensor>;
  const order = [...model.keys()];
  const average = file.get("ema_parameters") as Tensor[];
  const states = (file.get("optimizer") as Map<string, Map<number, Map<string, Tensor>>>).get("state")!;
  const expected = (name: string, part: "ema" | "exp_avg" | "exp_inf") => {
    const index = order.indexOf(name);
    return (part === "ema" ? average[index] : states.get(index)!.get(part)!).data;
  };
  for (const [path, elements] of parameterEntries(parameters!))
    expect(elements, path).toBe(model.get(names.get(path)!)!.data);
  for (const [path, elements] of parameterEntries(ema)) expect(elements, path).toBe(expected(names.get(path)!, "ema"));
  const { firstMoment, infinityNorm } = moments!;
  for (const [path, elements] of parameterEntries(firstMoment))
    expect(elements, path).toBe(expected(names.get(path)!, "exp_avg"));
  for (const [path, elements] of parameterEntries(infinityNorm))
    expect(elements, path).toBe(expected(names.get(path)!, "exp_inf"));
  expect(counters).toEqual({
    step: 3,
    images: 3 * config.training.batchSize,
    updates: 3,
    skips: 0,
    consecutiveSkips: 0,
  });
});

test("a state dictionary alone gives weights, which count as the average", () => {
  const found = read(file.get("model"));
  expect(Object.keys(found)).toEqual(["ema", "notes", "isFlax"]);
});

test("without an average the weights are it; without a step there are no moments", () => {
  const { parameters, ema, moments } = read(
    new Map([...changed("ema_parameters", null), ["optimizer", new Map([["state", new Map()]])]]),
  );
  expect(ema).toBe(parameters);
  expect(moments).toBeUndefined();
});

test("an optimizer of another kind is skipped", () => {
  const states = new Map([[0, new Map([["exp_avg_sq", file.get("iterations")]])]]);
  const optimizer = new Map<string, unknown>([
    ["state", states],
    ["param_groups", [new Map([["params", [0]]])]],
  ]);
  expect(read(changed("optimizer", optimizer)).moments).toBeUndefined();
});

test("skipped batches are steps that made no update", () => {
  expect(read(changed("skips", 2)).counters).toMatchObject({ step: 5, updates: 3, skips: 2 });
  expect(read(changed("skips", -1)).counters).toMatchObject({ step: 3, skips: 0 });
});

test("a list of tensors is taken in the order of model.parameters()", () => {
  const found = read(file.get("ema_parameters"));
  expect(found.notes).toEqual(["Took 124 tensors."]);
  expect(parameterEntries(found.ema)).toEqual(parameterEntries(read(file).ema));
});

test.each<[string, () => unknown, string]>([
  [
    "one tensor",
    () => file.get("iterations"),
    "Expected tensors by name in ckpt.pt, got one tensor []. Save the model's state dictionary:",
  ],
  ["nothing", () => null, "got None. Save"],
  [
    "another dictionary",
    () => new Map(["weights", "b", "c", "d", "e", "f"].map((name, index) => [name, index])),
    'got a dictionary of 6 ("weights", "b", "c", "d", "e", …). Save',
  ],
  ["an empty dictionary", () => new Map(), "got a dictionary of 0 (). Save"],
  [
    "an average of another model",
    () => changed("ema_parameters", (file.get("ema_parameters") as Tensor[]).slice(1)),
    "Expected 124 tensors in ckpt.pt (ema_parameters), one for each parameter, got a list of 123.",
  ],
  [
    "an average in another order",
    () => changed("ema_parameters", (file.get("ema_parameters") as Tensor[]).toReversed()),
    "Expected the 124 parameters of this model in ckpt.pt (ema_parameters), got 124 tensors that do not fit:",
  ],
])("refuses %s", (_, make, message) => {
  expect(() => read(make())).toThrow(message);
});
