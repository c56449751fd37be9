/** @file Which Strata this is: its version, that of the packages it builds on, and a hash of its code. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

/** The version of Strata, as in `package.json`: written here too, so that a bundle needs no file beside it. */
export const version = "0.1.0";

/** The version of an installed package: that of the first folder of this name in which Node would look. */
export function packageVersion(name: string): string {
  for (const folder of createRequire(import.meta.url).resolve.paths(name) ?? []) {
    try {
      return (JSON.parse(readFileSync(join(folder, name, "package.json"), "utf8")) as { version: string }).version;
    } catch {} // not in this folder: look in the next
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
