import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromJson, type JsonValue, toBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema } from "onnx-buf";
import { afterAll, expect, test } from "vitest";
import { tinyConfig } from "../../test/support/tiny.js";
import { dictionary, floats, tensor, torchZip } from "../../test/support/torch-files.js";
import { initialise, modelParameters } from "../model/index.js";
import { describeWeightsFile } from "./describe-file.js";
import { describeOnnxFile } from "./onnx/describe-onnx.js";
import { writeSafetensors } from "./write-weights.js";

const folder = mkdtempSync(join(tmpdir(), "strata-describe-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("a training checkpoint: groups, optimizer, step, and what stands where", async () => {
  const found = await describeWeightsFile("test/fixtures/uncond16/train_state.pt");
  expect(found).toMatchObject({ format: "PyTorch", protocol: 2, step: 3, optimizer: "Adamax, 124 parameters" });
  expect(found.tensors).toHaveLength(622);
  expect(found.groups.map(({ name, tensors }) => [name, tensors])).toEqual([
    ...[
      ["model.initial_x", 1],
      ["model.encoder", 22],
      ["model.layer_list", 91],
      ["model.output_blocks", 8],
      ["model.outproj", 2],
    ],
    ...[
      ["optimizer.state", 372],
      ["optimizer.param_groups", 1],
      ["ema_parameters", 124],
      ["iterations", 1],
    ],
  ]);
  expect(found.notes).toEqual([
    "Names as the authors' PyTorch model has them: weights behind `model`. No preset has these sizes: import needs the configuration.",
  ]);
});

test("a file that carries its configuration says what import takes; a pickle of Flax is known by its names", async () => {
  const config = tinyConfig();
  const parameters = initialise(modelParameters(config.model, 6), 3);
  const data = { name: "discs", count: 4, classes: [], classCounts: [] };
  const path = join(folder, "ours.safetensors");
  await writeSafetensors({ config, parameters, step: 12, data }, path, "ours");
  const found = await describeWeightsFile(path);
  expect(found).toMatchObject({ format: "safetensors", step: 12, model: "custom (its own metadata)" });
  expect(found.notes).toEqual([`Took ${found.tensors.length} tensors.`]);
  expect((await describeWeightsFile("test/fixtures/cond16/weights.p")).notes[0]).toMatch(
    /^Names as the authors' Flax model has them: weights\./,
  );
});

test("broken values and objects are named, another network is called one", async () => {
  const path = join(folder, "broken.pt");
  const weight = tensor({ count: 2, shape: [2], strides: [1] });
  writeFileSync(
    path,
    torchZip(dictionary({ "a.weight": weight, args: "cargparse\nNamespace\n)\x81" }), { 0: floats(Number.NaN, 1) }),
  );
  const found = await describeWeightsFile(path);
  expect(found.tensors).toEqual([
    { name: "a.weight", dtype: "float32", shape: [2], flaws: { nan: 1, infinite: 0, beyondFloat32: 0 } },
  ]);
  expect(found.notes).toEqual([
    "No names of such a model: the file is of another kind of network.",
    "Not read, being objects: argparse.Namespace.",
  ]);
});

test("an ONNX program: inputs, outputs, operators, arrays and their flaws", async () => {
  const path = join(folder, "program.onnx");
  const value = (name: string, dim: object[]) => ({ name, type: { tensorType: { elemType: 1, shape: { dim } } } });
  const open = [{ dimParam: "batch" }, { dimValue: "3" }];
  const model = fromJson(ModelProtoSchema, {
    ...{ irVersion: "10", producerName: "pytorch", producerVersion: "2.6", opsetImport: [{ version: "20" }] },
    graph: {
      input: [value("x", open), value("w", [{ dimValue: "3" }])],
      output: [value("y", open)],
      initializer: [
        { name: "w", dataType: 1, dims: ["3"], rawData: floats(1, Number.NaN, Infinity).toString("base64") },
      ],
      node: [
        { opType: "Mul", input: ["x", "w"], output: ["z"] },
        { opType: "Relu", input: ["z"], output: ["y"] },
      ],
    },
  } as unknown as JsonValue);
  writeFileSync(path, toBinary(ModelProtoSchema, model));
  expect(await describeOnnxFile(path)).toEqual({
    ...{ file: path, format: "ONNX", irVersion: 10, opsets: { "ai.onnx": 20 }, producer: "pytorch 2.6" },
    inputs: [{ name: "x", type: "float", shape: ["batch", 3] }],
    outputs: [{ name: "y", type: "float", shape: ["batch", 3] }],
    initializers: [{ name: "w", dtype: "float", shape: [3], flaws: { nan: 1, infinite: 1, beyondFloat32: 0 } }],
    ...{ elements: 3, nodes: 2, operators: { Mul: 1, Relu: 1 } },
  });
  for (const content of ["", "no protocol buffer", "\x0a\xff\xff\xff\xff\x0f"]) {
    writeFileSync(path, content, "latin1");
    await expect(describeOnnxFile(path)).rejects.toThrow(/^Expected an ONNX model in .*, but its bytes are none\.$/);
  }
});
