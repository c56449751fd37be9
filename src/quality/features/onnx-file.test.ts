/** Models of others as feature extractors: what they are given, what is taken, and what is refused. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import type { numpy as np } from "@jax-js/jax";
import { ModelProtoSchema, TensorProto_DataLocation } from "onnx-buf";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import "../../../test/support/all-close.js";
import { Runtime, type Spec, spec } from "../../engine/index.js";
import { portableModel } from "../../engine/portable.js";
import { openOnnxFile } from "./onnx-file.js";

let runtime: Runtime;
let folder: string;
beforeAll(() => {
  runtime = new Runtime({ threads: 1 });
  folder = mkdtempSync(join(tmpdir(), "strata-features-"));
});
afterAll(async () => {
  await runtime.dispose();
  rmSync(folder, { recursive: true });
});

type Fn = (images: np.Array, weight: np.Array) => Record<string, np.Array>;

const weight = { specs: spec([3, 2]), data: Float32Array.of(1, 0, 0, 1, 1, 1) };

/** A model of images [N, 3, 4, 4] and a matrix [3, 2]. */
const modelOf = (fn: Fn, image: (batch: number) => Spec = (batch) => spec([batch, 3, 4, 4])): Uint8Array =>
  portableModel(
    {
      fn: (w: np.Array, { image: x }: { image: np.Array }) => fn(x, w),
      weights: weight,
      inputs: (batch: number) => ({ image: image(batch) }),
    } as never,
    { description: "a test", metadata: {} },
  );

function write(name: string, content: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

/** Three images of 8×8, each of one colour. */
const colours = [
  [0, 128, 255],
  [10, 20, 30],
  [200, 100, 0],
];
const pictures = {
  images: Uint8Array.from(colours.flatMap((colour) => colour.flatMap((byte) => Array(64).fill(byte)))),
  count: 3,
  resolution: 8,
};
const [mean, std] = [
  [0.485, 0.456, 0.406],
  [0.229, 0.224, 0.225],
];
const normalised = colours.map((colour) => colour.map((byte, c) => (byte / 255 - mean[c]) / std[c]));
/** The product with the matrix, by hand. */
const products = normalised.flatMap(([r, g, b]) => [r + b, g + b]);

const vectors = modelOf((x, w) => ({
  unused: x.ref.mul(2),
  features: x
    .mean([2, 3])

    .reshape([x.shape[0], 3, 1])
    .mul(w.reshape([1, 3, 2]))
    .sum(1),
}));

test("images are resized and normalised as ImageNet's, and the output that FILE.json names is taken", async () => {
  const path = write("vectors.onnx", vectors);
  write("vectors.onnx.json", '{ "output": "features" }');
  const notices: string[] = [];
  const extractor = await openOnnxFile(path, {
    resolution: 8,
    batch: 2,
    runtime,
    onNotice: (text) => notices.push(text),
  });
  const { pooled } = await extractor.extract(pictures);
  await extractor.dispose();
  expect(pooled).toBeAllClose(products, { rtol: 1e-5, atol: 1e-5 });
  expect([extractor.name, extractor.width]).toEqual(["vectors.onnx", 2]);
  expect(extractor.identity).toMatch(/^onnx sha256:[0-9a-f]{64} 4×4, mean 0.485 0.456 0.406, std .* features$/);
  expect(notices).toEqual([expect.stringContaining("images resized to 4×4, mean 0.485 0.456 0.406")]);
});

test("other means and deviations make other features, and another identity", async () => {
  const path = write("plain.onnx", vectors);
  write("plain.onnx.json", '{ "output": "features", "mean": [0, 0, 0], "std": [1, 1, 1] }');
  const extractor = await openOnnxFile(path, { resolution: 8, runtime });
  const { pooled } = await extractor.extract(pictures);
  await extractor.dispose();
  expect(pooled).toBeAllClose(
    colours.flatMap(([r, g, b]) => [(r + b) / 255, (g + b) / 255]),
    { atol: 1e-5 },
  );
  expect(extractor.identity).toContain("4×4, mean 0 0 0, std 1 1 1");
});

test("of tokens the first counts, and a trailing pixel is none", async () => {
  const tokens = modelOf((x) => {
    const [n] = x.shape;
    return { tokens: x.reshape([n, 3, 16]).transpose([0, 2, 1]) }; // the first token is the first pixel
  });
  const first = await openOnnxFile(write("tokens.onnx", tokens), { resolution: 8, runtime });
  expect(first.width).toBe(3);
  expect((await first.extract(pictures)).pooled).toBeAllClose(normalised.flat(), { atol: 1e-5 });
  await first.dispose();
  const pixel = modelOf((x) => ({ features: x.mean([2, 3]).reshape([x.shape[0], 3, 1, 1]) }));
  const mapped = await openOnnxFile(write("pixel.onnx", pixel), { resolution: 8, runtime });
  expect((await mapped.extract(pictures)).pooled).toBeAllClose(normalised.flat(), { atol: 1e-5 });
  await mapped.dispose();
});

const refusals: [string, () => Uint8Array, string][] = [
  ["what is no model", () => Buffer.from("no model at all, but text"), "Expected an ONNX model in FILE, but "],
  [
    "a model of something else",
    () =>
      modelOf(
        (x) => ({ y: x.mul(2) }),
        (n) => spec([n, 3]),
      ),
    "it should take one float[N,3,H,W] and takes image: float[?,3]",
  ],
  [
    "integers",
    () =>
      modelOf(
        (x) => ({ y: x.astype("float32" as never).mean([2, 3]) }),
        (n) => spec([n, 3, 4, 4], "int32"),
      ),
    "takes image: int32[?,3,4,4]",
  ],
  [
    "images as output",
    () => modelOf((x) => ({ y: x.mul(2) })),
    "y: float[?,3,4,4] is no float[N,D], [N,D,1,1] or [N,T,D]; its outputs are y: float[?,3,4,4]",
  ],
  [
    "weights in other files",
    () => {
      const model = fromBinary(ModelProtoSchema, vectors);
      for (const tensor of model.graph!.initializer) {
        tensor.dataLocation = TensorProto_DataLocation.EXTERNAL;
        tensor.externalData = [
          { $typeName: "onnx.StringStringEntryProto", key: "location", value: "../../etc/passwd" },
        ];
      }
      return toBinary(ModelProtoSchema, model);
    },
    "Expected an ONNX model in FILE, but its weights are in other files, which are not read; save it as one file.",
  ],
  [
    "operators that do not exist",
    () => {
      const model = fromBinary(
        ModelProtoSchema,
        modelOf((x) => ({ y: x.mean([2, 3]) })),
      );
      model.graph!.node[0].opType = "Fly";
      return toBinary(ModelProtoSchema, model);
    },
    "Expected a model that ONNX Runtime can run in FILE: ",
  ],
];

test.each(refusals)("refuses %s", async (_, model, message) => {
  const path = write("refused.onnx", model());
  await expect(openOnnxFile(path, { resolution: 8, runtime })).rejects.toThrow(message.replace("FILE", path));
});

test("a model that takes too many images at once is refused", async () => {
  const model = fromBinary(ModelProtoSchema, vectors);
  for (const { type } of model.graph!.input) {
    if (type?.value.case !== "tensorType") throw new Error("expected a tensor");
    type.value.value.shape!.dim[0].value = { case: "dimValue", value: 1025n };
  }
  const path = write("many.onnx", toBinary(ModelProtoSchema, model));
  await expect(openOnnxFile(path, { resolution: 8, runtime })).rejects.toThrow(
    "it takes 1025 images at once; at most 1024 are given. Save it with their number open.",
  );
});

test("a model that is refused at its trial is unloaded", async () => {
  const model = fromBinary(
    ModelProtoSchema,
    modelOf((x) => ({ tokens: x.reshape([x.shape[0], 3, 16]) })),
  );
  const { type } = model.graph!.output[0];
  if (type?.value.case !== "tensorType") throw new Error("expected a tensor");
  type.value.value.shape!.dim[2].value = { case: "dimParam", value: "any" };
  const request = vi.spyOn(runtime, "request");
  const path = write("open.onnx", toBinary(ModelProtoSchema, model));
  await expect(openOnnxFile(path, { resolution: 8, runtime })).rejects.toThrow(
    "it does not say how long its tokens are",
  );
  const unloaded = request.mock.calls.filter(([{ kind }]) => kind === "unload");
  expect(unloaded).toHaveLength(2); // the model, and what prepares its images
  request.mockRestore();
});

test("refuses settings that say something else, and outputs that are not there", async () => {
  const path = write("set.onnx", vectors);
  const opened = (settings: string) => {
    write("set.onnx.json", settings);
    return openOnnxFile(path, { resolution: 8, runtime });
  };
  await expect(opened("{")).rejects.toThrow(`in ${path}.json, but line 1, column 2: expected a name or }`);
  await expect(opened('{ "std": [0, 1, 1] }')).rejects.toThrow(/in .*set\.onnx\.json, but .*std\[0\]/);
  await expect(opened('{ "crop": 3 }')).rejects.toThrow(/crop/);
  await expect(opened('{ "output": "logits" }')).rejects.toThrow(
    'it has no output "logits"; it has unused: float[?,3,4,4], features: float[?,2]',
  );
  await expect(openOnnxFile(join(folder, "none.onnx"), { resolution: 8, runtime })).rejects.toThrow(
    "it cannot be read",
  );
});
