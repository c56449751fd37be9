import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import packageJson from "../../../package.json" with { type: "json" };
import { tinyEnlarger, tinyModel } from "../../../test/support/tiny.js";
import { narrow, widen } from "../../io/tensors/float16.js";
import { parseWebManifest } from "../../web/manifest.js";
import { onnxFile, onnxPrograms } from "../onnx/export-onnx.js";
import { exportWeb } from "./export-web.js";
import { RUNTIME_VERSION, webFile } from "./runtime-files.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "strata-web-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const model = tinyModel({ model: { classes: 4 } });
const read = (out: string) => parseWebManifest(readFileSync(join(out, "manifest.json"), "utf8"), "the manifest");

/** Pages are built for end-to-end tests. */
const exportModel = (...[model, out, options]: Parameters<typeof exportWeb>) =>
  exportWeb(model, out, { page: false, ...options });

test("every file is the one that the manifest names, and weights are there once", async () => {
  const out = join(folder, "whole");
  const { files } = await exportModel(model, out, {
    dtype: "float32",
    run: "/home/somebody/runs/discs",
    groupKlNats: [1, 2, 3],
  });
  const manifest = read(out);
  const { weights, graphs, runtime } = manifest;
  const named = [weights, ...Object.values(graphs), ...Object.values(runtime.wasm), ...Object.values(runtime.webgpu)];
  for (const { path, bytes, sha256 } of named)
    expect(webFile(path, readFileSync(join(out, path)))).toEqual({ path, bytes, sha256 });
  expect(files.toSorted()).toEqual(
    [...named.map(({ path }) => join(out, path)), join(out, "manifest.json")].toSorted(),
  );
  expect(manifest.model).toMatchObject({ name: "discs", run: "runs/discs", classes: ["a", "b", "c", "d"] });
  expect(manifest.model.groups.map(({ klNats }) => klNats)).toEqual([1, 2, 3]);
  const shares = manifest.model.groups.map(({ share }) => share!);
  expect(shares.reduce((sum, share) => sum + share)).toBeCloseTo(1);
  const apart = onnxPrograms(model.config)
    .slice(0, 3)
    .reduce((sum, program) => sum + onnxFile(model, program).length, 0);
  expect(weights.bytes).toBeLessThan(apart / 2);
  expect(weights.bytes).toBeGreaterThan(4 * manifest.model.parameters * 0.9);
});

test("float16 rounds each weight, and takes half the place", async () => {
  const [whole, half] = [join(folder, "whole"), join(folder, "half")];
  await exportModel(model, half);
  const exact = new Float32Array(Uint8Array.from(readFileSync(join(whole, read(whole).weights.path))).buffer);
  const { path, bytes, dtype } = read(half).weights;
  expect(dtype).toBe("float16");
  expect(bytes).toBe(exact.length * 2);
  const bits = new Uint16Array(Uint8Array.from(readFileSync(join(half, path))).buffer);
  expect(bits).toEqual(narrow(exact));
  expect(widen(bits)).not.toEqual(exact);
});

test("a later export takes the place of an earlier one, and what else is there stays", async () => {
  const out = join(folder, "again");
  await exportModel(model, out);
  writeFileSync(join(out, "CNAME"), "example.org");
  await exportModel(tinyModel(), out);
  expect(read(out).graphs.guided).toBeUndefined();
  expect(readdirSync(join(out, "model")).sort()).toEqual(["encoder.onnx", "sampler.onnx", "weights.f16.bin"]);
  expect(readFileSync(join(out, "CNAME"), "utf8")).toBe("example.org");
  expect(readdirSync(out).filter((name) => name.startsWith(".writing"))).toEqual([]);
});

test("a super-resolution model goes along with its base model, and away with the next export", async () => {
  const large = tinyModel(tinyEnlarger(8));
  const out = join(folder, "both");
  await exportModel(tinyModel(), out, { enlarger: { model: large, run: "runs/large" } });
  const place = join(out, "superres");
  expect(read(out).model.enlarger).toEqual({
    path: "superres/manifest.json",
    name: "large",
    run: "runs/large",
    resolution: 16,
  });
  expect(Object.keys(read(place).graphs)).toEqual(["sampler"]); // it encodes nothing
  for (const { path, bytes, sha256 } of [read(place).weights, ...Object.values(read(place).graphs)])
    expect(webFile(path, readFileSync(join(place, path)))).toEqual({ path, bytes, sha256 });
  await expect(exportModel(large, out, { enlarger: { model: large } })).rejects.toThrow(
    /Cascade: expected a base model to begin with/,
  );
  await exportModel(tinyModel(), out);
  expect(read(out).model.enlarger).toBe(null);
  expect(readdirSync(place, { recursive: true })).toEqual(["model"]);
});

test("weights beyond float16 are refused, and nothing is written", async () => {
  const large = tinyModel({}, 2);
  const out = join(folder, "large");
  const [array] = Object.values(large.parameters.encoder as object)
    .flatMap(function leaves(value: unknown): Float32Array[] {
      return value instanceof Float32Array ? [value] : Object.values(value as object).flatMap(leaves);
    })
    .filter(({ length }) => length > 64);
  array[0] = 1e6;
  await expect(exportModel(large, out)).rejects.toThrow(
    /below 65520, got 1000000\. Store them with `dtype: "float32"`/,
  );
  expect(existsSync(out)).toBe(false);
  await exportModel(large, out, { dtype: "float32" });
});

test("a place that is a file is refused", async () => {
  const place = join(folder, "file");
  writeFileSync(place, "mine");
  await expect(exportModel(model, place)).rejects.toMatchObject({
    name: "UserError",
    message: expect.stringContaining(place),
  });
  expect(readFileSync(place, "utf8")).toBe("mine");
});

test("the runtime that the tests run is the one that is asked for", () => {
  expect(packageJson.devDependencies["onnxruntime-web"]).toBe(RUNTIME_VERSION);
  expect(packageJson.peerDependencies["onnxruntime-web"]).toBe(`^${RUNTIME_VERSION}`);
});
