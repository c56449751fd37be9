/** Names and shapes of the official file, what is made of its tensors, and what is refused. */
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { readGoldenJson } from "../../../test/support/golden.js";
import { ruledTensors } from "../../../test/support/inception-weights.js";
import { bytesOf, type Tensor } from "../../io/tensors/tensor.js";
import { openInception } from "./inception.js";
import { foldWeights, readInceptionWeights, tensorShapes } from "./weights.js";

const names = readGoldenJson("inception/names.json");
let tensors: Map<string, Tensor>;
beforeAll(() => {
  tensors = ruledTensors();
});

const fixture = (name: string) => fileURLToPath(new URL(`../../../test/fixtures/inception/${name}`, import.meta.url));

test("566 tensors with the names and shapes of the official file", () => {
  const listed = names.tensors.map(({ name, shape }: { name: string; shape: number[] }) => [name, shape]);
  expect(tensorShapes().size).toBe(566);
  expect(Object.fromEntries(tensorShapes())).toEqual(Object.fromEntries(listed));
});

test("the rule makes the weights that the golden features were computed with", () => {
  const hash = createHash("sha256");
  for (const { name, dtype } of names.tensors) if (dtype === "float32") hash.update(bytesOf(tensors.get(name)!));
  expect(hash.digest("hex")).toBe(names.fixture_sha256_of_all_float32_tensors);
});

test("batch normalisation goes into kernel and bias", () => {
  const { units, classifier } = foldWeights(tensors, "a test");
  expect(Object.keys(units)).toHaveLength(94);
  expect(classifier).toBe(tensors.get("fc.weight")!.data);
  const name = "Mixed_6b.branch7x7_2";
  const at = (part: string, place: number) => Number(tensors.get(`${name}.${part}`)!.data[place]);
  for (const channel of [0, 77, 127]) {
    const scale = at("bn.weight", channel) / Math.sqrt(at("bn.running_var", channel) + 0.001);
    const last = 128 * 7 * (channel + 1) - 1; // of the channel's kernel
    expect(units[name].weight[last]).toBe(Math.fround(at("conv.weight", last) * scale));
    const bias = at("bn.bias", channel) - at("bn.running_mean", channel) * scale;
    expect(units[name].bias[channel]).toBe(Math.fround(bias));
  }
});

test("what is not used may be missing, as in files that other programs have written", () => {
  const few = new Map([...tensors].filter(([name]) => !name.endsWith("num_batches_tracked") && name !== "fc.bias"));
  expect(few.size).toBe(471);
  expect(Object.keys(foldWeights(few, "a test").units)).toHaveLength(94);
});

const refusal = (problem: string) =>
  `Expected the weights of the Inception network of FID in a test, but ${problem}. Give the official file.`;

test.each<[string, (changed: Map<string, Tensor>) => void, string]>([
  ["a missing tensor", (t) => t.delete("Mixed_7c.branch1x1.bn.bias"), "Mixed_7c.branch1x1.bn.bias is missing"],
  [
    "a tensor too many",
    (t) => t.set("AuxLogits.fc.bias", t.get("fc.bias")!),
    'it has a tensor "AuxLogits.fc.bias" too many',
  ],
  [
    "another shape: the 1,000 classes of other Inceptions",
    (t) => t.set("fc.weight", { dtype: "float32", shape: [1000, 2048], data: new Float32Array(1000 * 2048) }),
    "fc.weight is float32[1000,2048] in place of float32[1008,2048]",
  ],
  [
    "another type",
    (t) => t.set("fc.bias", { dtype: "float64", shape: [1008], data: new Float64Array(1008) }),
    "fc.bias is float64[1008] in place of float32[1008]",
  ],
  [
    "a negative variance",
    (t) =>
      t.set("Conv2d_1a_3x3.bn.running_var", { dtype: "float32", shape: [32], data: new Float32Array(32).fill(-1) }),
    "Conv2d_1a_3x3 has weights that are not finite",
  ],
])("refuses %s", (_, change, problem) => {
  const changed = new Map(tensors);
  change(changed);
  expect(() => foldWeights(changed, "a test")).toThrow(refusal(problem));
});

test.each(["legacy", "zip"])("reads PyTorch's %s container, and finds most of it missing", async (kind) => {
  await expect(readInceptionWeights(fixture(`container_${kind}.pth`))).rejects.toThrow(
    "but Conv2d_2a_3x3.conv.weight is missing",
  );
});

test("what is no file of tensors by name is refused", async () => {
  const folder = mkdtempSync(join(tmpdir(), "strata-inception-"));
  try {
    await expect(readInceptionWeights(folder)).rejects.toThrow(`at ${folder}, but it is no file`);
    const path = join(folder, "text.pth");
    writeFileSync(path, "no checkpoint");
    await expect(readInceptionWeights(path)).rejects.toThrow(`Expected a PyTorch checkpoint in ${path}`);
    const missing = join(folder, "nothing");
    await expect(readInceptionWeights(missing)).rejects.toThrow(`at ${missing}, but they cannot be read: ENOENT`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("without weights it says how to get them", async () => {
  await expect(openInception({ resolution: 32 })).rejects.toThrow(
    /Give their file: openInception\(\{ path \}\)\. Without them, openPixels or openClassifier/,
  );
});
