import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, expect, test } from "vitest";
import { codeHash, packageVersion, version } from "./version.js";

const folder = mkdtempSync(join(tmpdir(), "strata-version-"));
afterAll(() => rmSync(folder, { recursive: true }));

const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
  dependencies: Record<string, string>;
};

test("the version is that of package.json", () => {
  expect(version).toBe(manifest.version);
});

test("versions of installed packages are found, also of those that export neither require nor package.json", () => {
  for (const name of ["@jax-js/jax", "onnxruntime-node", "sharp"]) {
    expect(packageVersion(name), name).toBe(manifest.dependencies[name]);
  }
  expect(packageVersion("no-such-package")).toBe("unknown");
});

/** The hash of the code that a program of one file gives, in which this module was bundled with some other code. */
async function bundledHash(file: string, code: string, format: "esm" | "cjs"): Promise<string> {
  const contents = `import { codeHash } from "./version.ts"; ${code}; console.log(codeHash());`;
  const stdin = { contents, resolveDir: import.meta.dirname };
  const outfile = join(folder, file);
  await build({ stdin, bundle: true, platform: "node", format, outfile, logLevel: "silent" });
  return execFileSync(process.execPath, [outfile], { encoding: "utf8" }).trim();
}

test("the hash of the code is of this code: a bundle has another when its code changes, whatever lies beside it", async () => {
  const first = await bundledHash("a.mjs", "globalThis.a = 1", "esm");
  expect(first).toMatch(/^[0-9a-f]{64}$/);
  expect(first).not.toBe(codeHash());
  writeFileSync(join(folder, "beside.js"), "// not ours");
  expect(await bundledHash("a.mjs", "globalThis.a = 1", "esm")).toBe(first);
  expect(await bundledHash("a.mjs", "globalThis.a = 2", "esm")).not.toBe(first);
});

test("a bundle of CommonJS, which cannot tell where its code is, has a hash too", async () => {
  expect(await bundledHash("a.cjs", "globalThis.a = 1", "cjs")).toMatch(/^[0-9a-f]{64}$/);
});
