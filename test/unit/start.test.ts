/** @file What is loaded at every start: of packages that take long to load, each waits until it is needed. */
import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { loadedPackages } from "../support/loaded-packages.js";

const commands = readdirSync("src/cli/commands")
  .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
  .map((name) => `src/cli/commands/${name}`);

/** What runs in threads of its own, which load anew. */
const threads = [
  "src/data/decoding/decode-worker.ts",
  "src/engine/runtime/runtime-worker.ts",
  "src/ranks/mpi-worker.ts",
  "src/training/inputs/input-worker.ts",
];

test("neither commands nor threads load what draws, decodes, or writes ONNX before they need it", async () => {
  const loaded = await loadedPackages(["src/cli/main.ts", "src/cli/program.ts", ...commands, ...threads]);
  const light = /^(@jax-js\/jax|commander|fflate|string-width|zod)$/;
  const heavy = Object.entries(loaded).filter(([, packages]) => packages.some((name) => !light.test(name)));
  expect(heavy).toEqual([]);
  expect(loaded["src/cli/main.ts"]).toEqual([]);
  for (const thread of threads) expect(loaded[thread], thread).toEqual([]);
});
