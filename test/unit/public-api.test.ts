/** @file The public surface: every name is documented, its types are those of the report, and entry points load what they need. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadedPackages } from "../support/loaded-packages.js";
import { publicNames } from "../support/public-api.js";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const manifest = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as {
  exports: Record<string, { types: string } | string>;
};

/** Entry points by name, and their files without folder and ending: `exports/engine`. */
const entries = Object.entries(manifest.exports).flatMap(([name, target]) =>
  typeof target === "string"
    ? []
    : [{ name: name === "." ? "index" : name.slice(2), path: /^\.\/dist\/types\/(.*)\.d\.ts$/.exec(target.types)![1] }],
);

const declarations = mkdtempSync(join(tmpdir(), "strata-declarations-"));
afterAll(() => rmSync(declarations, { recursive: true }));
beforeAll(() => {
  const words = ["-p", "tsconfig.build.json", "--outDir", declarations];
  execFileSync("node_modules/.bin/tsc", words, { cwd: repository });
}, 300_000);

describe.each(entries)("strata-vae/$name", ({ name, path }) => {
  test("every public name has a documentation comment, which survives into its declaration", () => {
    const names = publicNames(join(declarations, `${path}.d.ts`));
    expect(names.length).toBeGreaterThan(2);
    expect(names.filter(({ documented }) => !documented).map((each) => each.name)).toEqual([]);
  });

  test("its types are those of the report: if the change is meant, `UPDATE_API=1 npx vitest run --project unit-alone public-api`", () => {
    const report = join(repository, "api", `${name}.d.ts`);
    const text = `${publicNames(join(declarations, `${path}.d.ts`))
      .map(({ declaration }) => withoutComments(declaration))
      .join("\n\n")}\n`;
    if (process.env.UPDATE_API) writeFileSync(report, text);
    expect(existsSync(report) ? readFileSync(report, "utf8") : "").toBe(text);
  });
});

const withoutComments = (text: string): string =>
  text
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/[ \t]+$/gm, "")
    .replace(/\n{2,}/g, "\n");

/** What each entry point loads of other packages when it is imported: nothing of the others' weight. */
const packages: Record<string, RegExp> = {
  latents: /^$/, // runs in a browser
  model: /^(@jax-js\/jax|zod)$/,
  engine: /^(@jax-js\/jax|@bufbuild\/protobuf.*|onnx-buf|onnxruntime-.*)$/,
};

/** What draws charts, and the images of the embedded set: for `/report` alone, and for who opens it. */
const HEAVY = /^(linkedom|@observablehq\/plot|@lobehub\/)/;

let loaded: Record<string, string[]>;
beforeAll(async () => {
  loaded = await loadedPackages(entries.map(({ path }) => `src/${path}.ts`));
});

test.each(entries)("importing strata-vae/$name loads no more packages than it needs", ({ name, path }) => {
  const allowed = packages[name];
  const names = loaded[`src/${path}.ts`];
  expect(names.filter((each) => (allowed ? !allowed.test(each) : name !== "report" && HEAVY.test(each)))).toEqual([]);
});
