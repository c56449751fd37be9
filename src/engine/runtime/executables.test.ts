/** Executables on disk: when one is loaded instead of compiled. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Client } from "../pjrt/client.js";
import type { CompileOptions } from "../pjrt/compile-options.js";
import { executableOf } from "./executables.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "strata-executables-"));
  vi.stubEnv("STRATA_CACHE_DIR", join(folder, "cache"));
  vi.stubEnv("XLA_FLAGS", undefined);
  plugin("as it is");
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** A plugin's file. */
function plugin(content: string): void {
  writeFileSync(join(folder, "plugin.so"), content);
}

const unimplemented = () => {
  throw new Error("UNIMPLEMENTED");
};

/** What plugins do with executables. */
const able = {
  serialize: () => Uint8Array.of(1, 2, 3),
  deserialize: (bytes: Uint8Array): object => ({ way: [...bytes].join() === "1,2,3" ? "loaded" : "damaged" }),
};

/** How a program comes onto devices of a kind: "compiled", or "loaded" as it was once. */
function wayOf(text: string, options: CompileOptions = {}, kind = "a GPU", { serialize, deserialize } = able): unknown {
  const compile = () => ({ way: "compiled", program: { serialize } });
  const client = { devices: [{ kind }], compile, deserialize };
  const plugin = { path: join(folder, "plugin.so"), kind: "cuda" } as const;
  return (executableOf(client as unknown as Client, plugin, text, options) as unknown as { way: string }).way;
}

test("a program is compiled once", () => {
  expect([wayOf("a"), wayOf("a"), wayOf("b"), wayOf("a")]).toEqual(["compiled", "loaded", "compiled", "loaded"]);
});

test.each<[string, () => unknown]>([
  ["options", () => wayOf("a", { overrides: { xla_backend_optimization_level: 0 } })],
  ["kind of device", () => wayOf("a", {}, "another GPU")],
  [
    "flags of XLA's in the environment",
    () => {
      vi.stubEnv("XLA_FLAGS", "--xla_backend_optimization_level=0");
      return wayOf("a");
    },
  ],
  [
    "plugin",
    () => {
      plugin("a newer one");
      return wayOf("a");
    },
  ],
])("again with other %s", (_, way) => {
  wayOf("a");
  expect(way()).toBe("compiled");
});

test("each time, where a plugin cannot write or read it", () => {
  const mute = { ...able, serialize: unimplemented };
  const blind = { ...able, deserialize: unimplemented };
  const ways = [mute, mute, blind, blind].map((plugin) => wayOf("a", {}, "a GPU", plugin));
  expect(ways).toEqual(Array(4).fill("compiled"));
});

test("without a cache each time", () => {
  vi.stubEnv("STRATA_CACHE_DIR", "");
  expect([wayOf("a"), wayOf("a")]).toEqual(["compiled", "compiled"]);
});
