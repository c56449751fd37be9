/** @file Which Strata this is: its version, that of the packages it builds on, and a hash of its code. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";

// The package's root is one folder up from the sources and from the built files alike.

/** The version of Strata, as npm knows it. */
export const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
};

/** The version of an installed package: of the nearest `package.json` above its entry that bears its name. */
export function packageVersion(name: string): string {
  let folder = new URL(".", import.meta.resolve(name));
  for (; folder.pathname !== "/"; folder = new URL("..", folder)) {
    try {
      const manifest = JSON.parse(readFileSync(new URL("package.json", folder), "utf8")) as {
        name?: string;
        version: string;
      };
      if (manifest.name === name) return manifest.version;
    } catch {} // no such file here: look above
  }
  return "unknown";
}

let known: string | undefined;

/** A hash of all that decides what a traced function computes: every file beside this one, and the tracer's version. */
export function codeHash(): string {
  known ??= hashCode();
  return known;
}

function hashCode(): string {
  const folder = new URL(".", import.meta.url);
  const hash = createHash("sha256").update(packageVersion("@jax-js/jax"));
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((path) => /\.[jt]s$/.test(path));
  for (const path of files.sort()) hash.update(path).update(readFileSync(new URL(path, folder)));
  return hash.digest("hex");
}
