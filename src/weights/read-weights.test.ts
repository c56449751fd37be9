import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { fixture } from "../../test/support/fixtures.js";
import { tinyConfig } from "../../test/support/tiny.js";
import { readSafetensorsFile } from "../io/tensors/safetensors.js";
import { initialise, modelParameters, parameterEntries } from "../model/index.js";
import { readWeights } from "./read-weights.js";
import { type Naming, writeSafetensors, writeTorch } from "./write-weights.js";

const folder = mkdtempSync(join(tmpdir(), "strata-weights-"));
afterAll(() => rmSync(folder, { recursive: true }));

const config = tinyConfig();
const parameters = initialise(modelParameters(config.model, 6), 3);
const data = { name: "discs", count: 4, classes: ["red", "blue"], classCounts: [2, 2] };
const model = { config, parameters, step: 12, data };

test.each<[string, (path: string) => Promise<void>]>([
  ["PyTorch", (path) => writeTorch(model, path)],
  ["safetensors", (path) => writeSafetensors(model, path, "ours")],
  ["safetensors", (path) => writeSafetensors(model, path, "authors")],
])("what was written as %s is known by its content and comes back", async (format, write) => {
  const path = join(folder, "weights");
  await write(path);
  const { ema, ...rest } = await readWeights(path, config);
  expect(rest).toEqual({ format, notes: [expect.stringMatching(/^Took \d+ tensors\.$/)] });
  expect(parameterEntries(ema)).toEqual(parameterEntries(parameters));
});

test("an old PyTorch file is known by its content", async () => {
  const path = "test/fixtures/inception/container_legacy.pth";
  await expect(readWeights(path, config)).rejects.toThrow(
    /^Expected the \d+ parameters of this model in test.*legacy\.pth, got \d+ tensors that do not fit:/,
  );
});

test("a file of the authors' JAX code is known by its content", async () => {
  const { config, parameters } = fixture("uncond16");
  const { ema, ...rest } = await readWeights("test/fixtures/uncond16/weights.p", config);
  expect(rest).toEqual({ format: "JAX", notes: ["Took 124 tensors."] });
  expect(ema.generator.output.bias).toEqual(parameters.generator.output.bias.data);
});

test.each<[Naming, string]>([
  ["ours", "encoder.input.weight"],
  ["authors", "encoder.in_proj.weight"],
])("safetensors in %s names say what they are", async (naming, name) => {
  const path = join(folder, "named.safetensors");
  await writeSafetensors(model, path, naming);
  const { tensors, metadata } = await readSafetensorsFile(path);
  expect(tensors.has(name)).toBe(true);
  expect(JSON.parse(metadata.config)).toEqual(config);
  expect(metadata).toMatchObject({ classes: '["red","blue"]', step: "12" });
});

test.each<[string, string, RegExp]>([
  [
    "a picture",
    "\x89PNG\r\n",
    /^Expected a file of weights at .*, but it begins like none that is known: PyTorch, PyTorch before 1\.6, safetensors, pickle\.$/,
  ],
  ["nothing", "", /begins like none that is known/],
  [
    "a header without tensors",
    "\xff\0\0\0\0\0\0\0{}",
    /^Expected a whole safetensors file in .*, but its header claims 255 bytes/,
  ],
])("refuses %s", async (_, content, message) => {
  const path = join(folder, "other");
  writeFileSync(path, content, "latin1");
  await expect(readWeights(path, config)).rejects.toThrow(message);
});

test("refuses a pickle larger than any model's, unread", async () => {
  const path = join(folder, "huge.p");
  writeFileSync(path, "\x80\x04", "latin1");
  truncateSync(path, 2 ** 32);
  await expect(readWeights(path, config)).rejects.toThrow(
    /^Expected a pickle of weights in .*huge\.p, but it has 4294967296 bytes, and more than 4294967295 are not read\.$/,
  );
});

test("refuses what is not there", async () => {
  await expect(readWeights("/nowhere.pt", config)).rejects.toThrow(
    "Expected a file of weights at /nowhere.pt, but there is nothing.",
  );
});
