import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { presets } from "../../config/index.js";
import { Progress } from "../output/progress.js";
import { type ConfigurationOptions, resolveConfiguration } from "./configuration.js";

const folder = mkdtempSync(join(tmpdir(), "strata-configuration-"));
afterAll(() => rmSync(folder, { recursive: true }));

const path = join(folder, "mine.json");
const few = JSON.stringify({ preset: "cifar10-small", training: { batchSize: 8 } });

/** The configuration of these options, and what was told on the way. */
function resolve(options: ConfigurationOptions, content?: string | Uint8Array) {
  if (content !== undefined) writeFileSync(path, content);
  let told = "";
  const progress = new Progress({ write: (text: string) => (told += text) });
  return { config: resolveConfiguration(options, { seed: undefined, progress }), told };
}

const small = presets["cifar10-small"];
const changed = { ...small, training: { ...small.training, batchSize: 8 } };

test("a file of few keys lies over the preset that it names, and this is told", () => {
  const { config, told } = resolve({ config: path }, few);
  expect(config).toEqual(changed);
  expect(told).toBe(`${path}: the preset cifar10-small with training.batchSize changed.\n`);
});

test("a complete file means itself, and nothing is told", () => {
  expect(resolve({ config: path }, JSON.stringify(changed))).toEqual({ config: changed, told: "" });
});

test("of a preset and a file the file lies over the preset, also where it names another one, which is told", () => {
  const { config, told } = resolve({ preset: "emoji32-small", config: path, set: ["training.steps=5"] }, few);
  const base = presets["emoji32-small"];
  expect(config).toEqual({ ...base, training: { ...base.training, batchSize: 8, steps: 5 } });
  expect(told).toContain(`${path} names the preset cifar10-small, but --preset emoji32-small comes before it.`);
});

test("a folder is refused, saying where the configuration of a run is", () => {
  expect(() => resolve({ config: folder })).toThrow("it is a folder; that of a run is in its config.json");
});
