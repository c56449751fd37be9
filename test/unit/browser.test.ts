/** @file What is shared with the browser bundles for it: nothing of Node, and no engine, is in it. */
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, test } from "vitest";

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

test("a file that needs Node does not", async () => {
  const contents = `import { readFile } from "node:fs/promises"; console.log(readFile);`;
  const bundled = build({ stdin: { contents }, bundle: true, platform: "browser", write: false, logLevel: "silent" });
  await expect(bundled).rejects.toThrow(/Could not resolve "node:fs\/promises"/);
});
