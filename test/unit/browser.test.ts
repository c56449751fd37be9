/** @file What is shared with the browser bundles for it: nothing of Node, and no engine, is in it. */
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { bundleForBrowsers } from "../../scripts/bundle.js";

const folder = fileURLToPath(new URL("../../src/latents/", import.meta.url));
const entryPoints = readdirSync(folder)
  .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
  .map((name) => `${folder}${name}`);

test("latents, and all that they import, bundle for a browser", async () => {
  expect(entryPoints.length).toBeGreaterThan(3);
  const { metafile } = await build({
    ...{ entryPoints, bundle: true, platform: "browser", format: "esm", write: false, outdir: "unused" },
    ...{ metafile: true, logLevel: "silent" },
  });
  const packages = Object.keys(metafile.inputs).filter((path) => path.includes("node_modules"));
  expect(packages).toEqual([]);
});

test("strata-vae/web and its thread are two small files that need neither Node nor other packages", async () => {
  const { outputFiles, metafile } = await bundleForBrowsers("dist", false);
  const packages = Object.keys(metafile!.inputs).flatMap(
    (path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? [],
  );
  expect([...new Set(packages)]).toEqual(["@noble/hashes"]); // within
  expect(Object.values(metafile!.outputs).flatMap(({ imports }) => imports)).toEqual([]);
  for (const { text } of outputFiles!) expect(text).not.toMatch(/["']node:/);
  const compressed = outputFiles!.map(({ contents }) => gzipSync(contents).length);
  expect(Math.max(...compressed)).toBeLessThan(13_000);
});

test("a file that needs Node does not", async () => {
  const contents = `import { readFile } from "node:fs/promises"; console.log(readFile);`;
  const bundled = build({ stdin: { contents }, bundle: true, platform: "browser", write: false, logLevel: "silent" });
  await expect(bundled).rejects.toThrow(/Could not resolve "node:fs\/promises"/);
});
