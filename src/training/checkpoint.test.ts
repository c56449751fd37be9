import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  listCheckpoints,
  readCheckpoint,
  readNewest,
  retainCheckpoints,
  saveCheckpoint,
  type Tensors,
} from "./checkpoint.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "strata-checkpoint-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const tensors = (value: number) => async (): Promise<Tensors> =>
  new Map([["a.weight", { dtype: "float32", shape: [2], data: Float32Array.of(value, -value) }]]);

const save = (step: number) => {
  const manifest = {
    format: 1 as const,
    step,
    images: 8 * step,
    updates: step,
    skips: 0,
    trainImages: 64,
    trainDigest: "ab",
    settings: { "training.seed": 0 },
  };
  const parts = { parameters: tensors(step), ema: tensors(2 * step), optimizer: tensors(0), spectral: tensors(1) };
  return saveCheckpoint(folder, manifest, parts);
};

const newest = async () => {
  const notices: string[] = [];
  const found = await readNewest(folder, ["ema"], (message) => notices.push(message));
  return { found, notices };
};

test("what was saved is read back, part by part", async () => {
  const saved = await save(5);
  const { manifest, parts } = await readCheckpoint(saved, ["ema", "parameters"]);
  expect(manifest).toMatchObject({ step: 5, images: 40, trainImages: 64, settings: { "training.seed": 0 } });
  expect([...parts.ema.get("a.weight")!.data]).toEqual([10, -10]);
  expect(Object.keys(parts)).toEqual(["ema", "parameters"]);
  expect(readdirSync(folder)).toEqual(["step-5"]);
});

test("checkpoints are ordered by number, not by name", async () => {
  for (const step of [10_000, 2500, 900]) await save(step);
  expect(await listCheckpoints(folder)).toEqual([900, 2500, 10_000]);
  expect((await newest()).found?.manifest.step).toBe(10_000);
});

test("the newest undamaged one is used, and every damaged one reported", async () => {
  for (const step of [1, 2, 3, 4]) await save(step);
  const path = (step: number, file: string) => join(folder, `step-${step}`, file);
  const bytes = readFileSync(path(4, "ema.safetensors"));
  bytes[bytes.length - 1] ^= 0x40;
  writeFileSync(path(4, "ema.safetensors"), bytes);
  writeFileSync(path(3, "manifest.json"), readFileSync(path(3, "manifest.json"), "utf8").slice(0, 50));
  rmSync(path(2, "ema.safetensors"));
  const { found, notices } = await newest();
  expect(found?.manifest.step).toBe(1);
  expect(notices).toEqual([
    expect.stringMatching(/^The checkpoint of step 4 is damaged.*ema\.safetensors to have the SHA-256 [0-9a-f]{64}/),
    expect.stringMatching(/^The checkpoint of step 3 is damaged.*Expected JSON in .*manifest\.json/),
    expect.stringMatching(/^The checkpoint of step 2 is damaged.*ENOENT/),
  ]);
  rmSync(join(folder, "step-1", "manifest.json"));
  await expect(newest()).rejects.toThrow("all 4 are damaged");
});

test("a manifest that is not one is refused with what is wrong", async () => {
  const saved = await save(1);
  const path = join(saved, "manifest.json");
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), step: -1 }));
  await expect(readCheckpoint(saved, ["ema"])).rejects.toThrow(/Expected a checkpoint's manifest in .*step/s);
});

test("no checkpoint is none, not an error", async () => {
  expect((await newest()).found).toBeUndefined();
  expect(await listCheckpoints(join(folder, "missing"))).toEqual([]);
});

test("the oldest are deleted, but not those asked for; half-written ones go too and are never read", async () => {
  for (const step of [1, 2, 3, 4, 5]) await save(step);
  mkdirSync(join(folder, ".writing-6"));
  expect(await listCheckpoints(folder)).toEqual([1, 2, 3, 4, 5]);
  await retainCheckpoints(folder, { current: 5, recent: 2, every: 0, best: 1 });
  expect(await listCheckpoints(folder)).toEqual([1, 4, 5]);
  expect(existsSync(join(folder, ".writing-6"))).toBe(false);
});

test("a checkpoint saved again replaces the damaged one of that step", async () => {
  const saved = await save(3);
  writeFileSync(join(saved, "manifest.json"), "");
  await save(3);
  expect((await newest()).found?.manifest.step).toBe(3);
});
