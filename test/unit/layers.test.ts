/** @file The import directions of the layer table hold, and the check itself notices a violation. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { circles, unusedAllowances, violations } from "../support/layers.js";

const sources = new URL("../../src/", import.meta.url);

const files = new Map(
  readdirSync(sources, { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts"))
    .map((path) => [path, readFileSync(new URL(path, sources), "utf8")]),
);

test("every file of src imports only from the layers below its own", () => {
  expect(files.size).toBeGreaterThan(10);
  expect([...files].flatMap(([path, source]) => violations(path, source))).toEqual([]);
});

test("every allowance of the table is used", () => {
  expect(unusedAllowances(files)).toEqual([]);
});

test("no files import one another in a circle", () => {
  expect(circles(files)).toEqual([]);
});

test("a circle is found", () => {
  const imports = (name: string) => `import { x } from "./${name}.js";`;
  const sources = { "a.ts": imports("b"), "b.ts": imports("c"), "c.ts": imports("b") };
  expect(circles(new Map(Object.entries(sources)))).toEqual([["b.ts", "c.ts"]]);
});

test("an allowance that nothing uses is found", () => {
  const used = new Map([["model/blocks.ts", `import { foldIn } from "../random/index.js";`]]);
  expect(unusedAllowances(used)).toContain("model → config");
  expect(unusedAllowances(used)).not.toContain("model → random");
});

test.each([
  ["model/blocks.ts", `import { compile } from "../engine/compile.js";`, "model stands below engine"],
  ["engine/passes/fold.ts", `import type { Config } from "../../config/schema.js";`, "engine stands below config"],
  ["data/emoji.ts", `export { loss } from "../objective/loss.js";`, "data stands below objective"],
  [
    "inference/sampling/sampler.ts",
    `const { train } = await import("../../training/train.js");`,
    "inference stands below training",
  ],
  ["config/schema.ts", `import {\n  a,\n  b,\n} from "../random/threefry.js";`, "config stands below random"],
  ["cli/commands/train.ts", `import { numpy as np } from "@jax-js/jax";`, "which cli must not know"],
  ["model/encoder.ts", `import * as ort from "onnxruntime-node";`, "which model must not know"],
  ["magic/new.ts", "", "not in the layer table"],
])("%s with %j is a violation", (path, source, message) => {
  expect(violations(path, source)).toEqual([expect.stringContaining(message)]);
});

test.each([
  ["model/blocks.ts", `import { numpy as np } from "@jax-js/jax";\nimport { UserError } from "../errors.js";`],
  ["engine/onnx/write.ts", `import { fold } from "../passes/fold.js";\nimport { cpus } from "node:os";`],
  ["model/blocks.ts", `/* from "../engine/compile.js" in a comment */\n// import "../data/emoji.js"`],
  ["cli/commands/train.ts", `import { train } from "../../training/train.js";`],
])("%s with %j is none", (path, source) => {
  expect(violations(path, source)).toEqual([]);
});
