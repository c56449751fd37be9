import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { locateRun, pretrainedNames } from "./open-run.js";

test("a path is itself", () => {
  expect(locateRun("runs/pretrained")).toBe("runs/pretrained");
});

test("models that ship are run folders", () => {
  for (const name of pretrainedNames()) {
    expect(existsSync(join(locateRun(`pretrained:${name}`), "config.json"))).toBe(true);
  }
});

test("names that do not ship, and ways out of the folder, are refused", () => {
  expect(() => locateRun("pretrained:emoji33")).toThrow(/^Expected a model that ships, .*got pretrained:emoji33\.$/);
  expect(() => locateRun("pretrained:../src")).toThrow("got pretrained:../src.");
});
