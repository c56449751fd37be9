/** @file The import directions of the layer table hold, and the check itself notices a violation. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { violations } from "../support/layers.js";

const sources = new URL("../../src/", import.meta.url);

test("every file of src imports only from the layers below its own", () => {
  const files = readdirSync(sources, { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts"));
  expect(files.length).toBeGreaterThan(10);
  expect(files.flatMap((path) => violations(path, readFileSync(new URL(path, sources), "utf8")))).toEqual([]);
});

test.each([
  ["model/blocks.ts", `import { compile } from "../engine/compile.js";`, "model stands below engine"],
  ["engine/passes/fold.ts", `import type { Config } from "../../config/schema.js";`, "engine stands below config"],
  ["data/emoji.ts", `export { loss } from "../objective/loss.js";`, "data stands below objective"],
  [
    "generation/sampler.ts",
    `const { train } = await import("../training/train.js");`,
    "generation stands below training",
  ],
  ["config/schema.ts", `import {\n  a,\n  b,\n} from "../random/threefry.js";`, "config stands below random"],
  ["cli/train.ts", `import { numpy as np } from "@jax-js/jax";`, "which cli must not know"],
  ["model/encoder.ts", `import * as ort from "onnxruntime-node";`, "which model must not know"],
  ["magic/new.ts", "", "not in the layer table"],
])("%s with %j is a violation", (path, source, message) => {
  expect(violations(path, source)).toEqual([expect.stringContaining(message)]);
});

test.each([
  ["model/blocks.ts", `import { numpy as np } from "@jax-js/jax";\nimport { UserError } from "../errors.js";`],
  ["engine/onnx/write.ts", `import { fold } from "../passes/fold.js";\nimport { cpus } from "node:os";`],
  ["model/blocks.ts", `/* from "../engine/compile.js" in a comment */\n// import "../data/emoji.js"`],
  ["cli/train.ts", `import { train } from "../training/train.js";`],
])("%s with %j is none", (path, source) => {
  expect(violations(path, source)).toEqual([]);
});
