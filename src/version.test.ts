import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { packageVersion, version } from "./version.js";

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
