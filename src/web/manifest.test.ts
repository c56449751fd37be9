import { expect, test } from "vitest";
import { tinyConfig } from "../../test/support/tiny.js";
import { parseWebManifest, type WebManifest } from "./manifest.js";

const file = (path: string) => ({ path, bytes: 10, sha256: "0".repeat(64) });
const runtime = { module: file("ort/a.js"), loader: file("ort/b.js"), binary: file("ort/c.wasm") };
const manifest: WebManifest = {
  format: "strata-web",
  version: 1,
  producer: "0.1.0",
  model: {
    name: "discs",
    run: "runs/discs",
    config: tinyConfig({ model: { classes: 2 } }).model,
    outputNoise: null,
    classes: ["a", "b"],
    classCounts: [3, 4],
    step: 5,
    parameters: 100,
    groups: [
      { share: 0.2, klNats: 1 },
      { share: 0.3, klNats: null },
      { share: null, klNats: 2 },
    ],
    refinement: { groups: 2, steps: 8, shown: { guidance: 1, temperature: [{ resolution: 4, temperature: 0.7 }] } },
    enlarger: { path: "superres/manifest.json", name: "large", run: "runs/large", resolution: 16 },
  },
  weights: { ...file("model/weights.bin"), dtype: "float16" },
  graphs: {
    ...{ sampler: file("model/s.onnx"), guided: file("model/g.onnx"), encoder: file("model/e.onnx") },
    ...{ velocity: file("model/v.onnx"), "flow-end": file("model/f.onnx") },
  },
  runtime: { version: "1.30.0", wasm: runtime, webgpu: runtime },
};

/** The manifest with one value changed, by its path. */
function changed(path: string, value: unknown): string {
  const copy = structuredClone(manifest) as unknown as Record<string, unknown>;
  const names = path.split(".");
  const owner = names.slice(0, -1).reduce((each, name) => each[name] as Record<string, unknown>, copy);
  owner[names.at(-1)!] = value;
  return JSON.stringify(copy);
}

const parse = (text: string) => parseWebManifest(text, "https://example.org/manifest.json");

test("a manifest is read as it was written", () => {
  expect(parse(JSON.stringify(manifest))).toEqual(manifest);
});

test("one that was written before there were refinements has none, nor a model that enlarges", () => {
  expect(parse(changed("model.refinement", undefined)).model.refinement).toBe(null);
  expect(parse(changed("model.enlarger", undefined)).model.enlarger).toBe(null);
});

test("one of another version is refused by it, and by what wrote it", () => {
  const newer = JSON.stringify({ ...manifest, version: 2, producer: "0.9.0" });
  expect(() => parse(newer)).toThrow(
    /at https:\/\/example\.org\/manifest\.json, but it has version 2, written by Strata "0\.9\.0", and this version reads 1/,
  );
  expect(() => parse('{"name": "a web app"}')).toThrow(/its format is missing, not "strata-web"/);
});

test.each([
  ["it is no JSON", "<!doctype html>"],
  ["it is [], not an object", "[]"],
  ['weights.path is "../../etc/passwd"', changed("weights.path", "../../etc/passwd")],
  ['weights.path is "https://example.com/x"', changed("weights.path", "https://example.com/x")],
  ['weights.path is "/x"', changed("weights.path", "/x")],
  ['graphs.sampler.path is "a//b"', changed("graphs.sampler.path", "a//b")],
  ['weights.sha256 is "0"', changed("weights.sha256", "0")],
  ["weights.bytes is -1", changed("weights.bytes", -1)],
  ["weights.bytes is 1e+30", changed("weights.bytes", 1e30)],
  ['weights.dtype is "int8"', changed("weights.dtype", "int8")],
  ["runtime.webgpu is missing", changed("runtime.webgpu", undefined)],
  ["graphs.encoder is missing", changed("graphs.encoder", undefined)],
  ["model.config.resolution is 1e+300", changed("model.config.resolution", 1e300)],
  ["model.config.levels is empty", changed("model.config.levels", [])],
  ["stochasticLayers is 100000000", changed("model.config.levels", [{ resolution: 1, stochasticLayers: 1e8 }])],
  ["model.groups has 0 entries for 3", changed("model.groups", [])],
  ["model.classes[1] is null", changed("model.classes", ["a", null])],
  ['model.outputNoise.kind is "pink"', changed("model.outputNoise", { kind: "pink", channels: 1 })],
  ["graphs.velocity is missing", changed("graphs.velocity", undefined)],
  [
    'model.enlarger.path is "../manifest.json", not a path below it',
    changed("model.enlarger.path", "../manifest.json"),
  ],
  ["model.enlarger.resolution is 0", changed("model.enlarger.resolution", 0)],
  ["model.refinement.groups is 4", changed("model.refinement.groups", 4)],
  ['shown.guidance is "1"', changed("model.refinement.shown.guidance", "1")],
  ["temperature[0].resolution is missing", changed("model.refinement.shown.temperature", [{ temperature: 1 }])],
])("refused: %s", (problem, text) => {
  expect(() => parse(text)).toThrow(problem);
  expect(() => parse(text)).toThrow(/Export the run again/);
});
