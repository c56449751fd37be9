/** @file Which Strata this is: its version, that of the packages it builds on, and a hash of its code. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";

/** The version of Strata, as in `package.json`: written here too, so that a bundle needs no file beside it. */
export const version = "0.1.0";

/** This file, or the bundle that it is in; undefined in a bundle of CommonJS. */
const place: string | undefined = import.meta.filename;

/** The version of an installed package: that of the first folder of this name in which Node would look. */
export function packageVersion(name: string): string {
  const folders = place === undefined ? [] : createRequire(place).resolve.paths(name);
  for (const folder of folders ?? []) {
    try {
      return (JSON.parse(readFileSync(join(folder, name, "package.json"), "utf8")) as { version: string }).version;
    } catch {} // not in this folder: look in the next
  }
  return "unknown";
}

let known: string | undefined;

/** A hash of all that decides what a traced function computes: our code, and the tracer's version. */
export function codeHash(): string {
  known ??= hashCode();
  return known;
}

function hashCode(): string {
  const hash = createHash("sha256").update(version).update(packageVersion("@jax-js/jax"));
  if (place !== undefined) {
    for (const path of codeFiles(place).sort()) hash.update(path).update(readFileSync(join(dirname(place), path)));
  }
  return hash.digest("hex");
}

/**
 * Every file of ours, from the folder of this one: the sources, or what is built of them. In a bundle of others itself alone,
 * since what lies beside it is not ours.
 */
function codeFiles(own: string): string[] {
  const folder = dirname(own);
  const files = (recursive: boolean) => readdirSync(folder, { recursive, encoding: "utf8" });
  if (existsSync(join(folder, "engine", "compile.ts"))) return files(true).filter((path) => path.endsWith(".ts"));
  if (existsSync(join(folder, "runtime-worker.js"))) return files(false).filter((path) => path.endsWith(".js"));
  return [basename(own)];
}
