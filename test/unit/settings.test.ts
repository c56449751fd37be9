import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Ajv } from "ajv";
import { expect, test } from "vitest";
import { settingsFiles } from "../../scripts/settings/files.js";
import { allSections, sectionOf } from "../../scripts/settings/settings-tree.js";
import { parseConfig, presetNames, presets } from "../../src/config/index.js";
import { configFileSchema } from "../../src/config/schema.js";

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

test.each(Object.entries(settingsFiles()))("%s is what `npm run docs:settings` makes", (path, text) => {
  expect(read(path)).toBe(text);
});

const manifest = JSON.parse(read("package.json"));
const schema = JSON.parse(read("schema/config.schema.json"));

test("the JSON schema ships, and names the package and its version", () => {
  expect(manifest.files).toContain("schema");
  expect(manifest.exports["./schema/config.schema.json"]).toBe("./schema/config.schema.json");
  expect(schema.$id).toContain(`${manifest.name}:${manifest.version}:`);
});

test("every setting has a meaning, and a unit and advice where it can have them", () => {
  const fields = allSections(sectionOf(configFileSchema)).flatMap((section) => section.fields);
  for (const { name, type, description, unit, advice } of fields) {
    expect(description, name).toMatch(/^[A-Z].*\.$/);
    if (type.kind !== "section") expect(advice, name).toMatch(/\.$/);
    if ((type.kind === "number" || type.kind === "whole number") && name !== "seed") expect(unit, name).toBeDefined();
  }
});

const validate = new Ajv({ allErrors: true, strictTypes: false }).compile(schema);

/** Where a configuration goes against the JSON schema, and how. */
function problems(config: unknown): string {
  validate(config);
  const text = (params: object) => Object.values(params).flat().join();
  return (validate.errors ?? []).map(({ instancePath, params }) => `${instancePath} ${text(params)}`).join("\n");
}

test.each(presetNames)("the JSON schema takes the preset %s, whole, by name, and under another name", (name) => {
  expect(problems(presets[name])).toBe("");
  expect(problems({ preset: name })).toBe("");
  expect(problems({ ...presets[name], preset: "mine" })).toBe("");
});

test("it takes the runs that ship", () => {
  const folder = fileURLToPath(new URL("../../pretrained", import.meta.url));
  const runs = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(runs.length).toBeGreaterThan(0);
  for (const { name } of runs) expect(problems(JSON.parse(read(`pretrained/${name}/config.json`)))).toBe("");
});

const own = Object.fromEntries(Object.entries(presets["emoji32-small"]).filter(([key]) => key !== "preset"));

test.each<[string, object]>([
  ["a schema's name", { $schema: "./node_modules/strata-vae/schema/config.schema.json", preset: "cifar10" }],
  ["a level", { preset: "cifar10", model: { levels: [{ resolution: 16, channels: 48 }] } }],
  ["parameters of a schedule", { preset: "cifar10", objective: { informationSchedule: { scale: 50 } } }],
  ["a schedule by a word", { preset: "cifar10", objective: { informationSchedule: "off" } }],
  ["what is left to the program", { preset: "cifar10", training: { microBatchSize: "auto", rematerialise: true } }],
  ["no preset", own],
])("it takes %s, and so does Strata", (_, config) => {
  expect(problems(config)).toBe("");
  expect(parseConfig(config)).not.toHaveProperty("$schema");
});

test.each<[string, unknown, string]>([
  ["a misspelt section", { preset: "cifar10", trainin: {} }, " trainin"],
  ["a misspelt key", { preset: "cifar10", training: { batchsize: 8 } }, "/training batchsize"],
  ["a key of another section", { preset: "cifar10", model: { sigma: 1 } }, "/model sigma"],
  ["a misspelt key of a level", { preset: "cifar10", model: { levels: [{ resolution: 1, chanels: 8 }] } }, "chanels"],
  ["a level that is not named", { preset: "cifar10", model: { levels: [{ channels: 8 }] } }, "resolution"],
  ["a misspelt key of a schedule", { preset: "cifar10", objective: { informationSchedule: { scal: 1 } } }, "scal"],
  ["a misspelt value", { preset: "cifar10", objective: { output: "gausian" } }, "/objective/output gaussian"],
  ["a value of another type", { preset: "cifar10", training: { steps: "many" } }, "/training/steps integer"],
  ["a value out of range", { preset: "cifar10", training: { batchSize: 0 } }, "/training/batchSize >=,1"],
  ["a fraction where a count belongs", { preset: "cifar10", training: { steps: 1.5 } }, "/training/steps integer"],
  ["a part of an unknown preset", { preset: "cifar-10", training: { steps: 3 } }, " model"],
  ["a part of no preset", { training: { steps: 3 } }, "/training batchSize"],
  [
    "a level without width, of no preset",
    { ...own, model: { resolution: 4, levels: [{ resolution: 4 }] } },
    "channels",
  ],
  ["no object", [1], "object"],
])("it refuses %s, and so does Strata", (_, config, problem) => {
  expect(problems(config)).toContain(problem);
  expect(() => parseConfig(config)).toThrow();
});
