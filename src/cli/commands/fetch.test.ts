import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { run } from "../program.js";

/** A small file in place of the real one. */
const { content, sha256 } = vi.hoisted(() => ({
  content: "ten bytes!",
  sha256: "0425074d7748edc4faa98177678ef8e16a493504dfa15ca02bcdc56a848aca99",
}));
vi.mock("../../data/downloads.js", () => ({
  downloads: { cifar10: { url: "http://127.0.0.1:9/", file: "ten.bin", bytes: 10, sha256 } },
}));

let folder = "";
let printed = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "strata-fetch-"));
  printed = "";
  const print = (text: string | Uint8Array) => {
    printed += text;
    return true;
  };
  vi.spyOn(process.stdout, "write").mockImplementation(print);
  vi.spyOn(console, "error").mockImplementation(print);
});
afterEach(() => {
  vi.restoreAllMocks();
  process.env.STRATA_CACHE_DIR = "";
  rmSync(folder, { recursive: true });
});

/** Runs the command with a cache of its own. */
const fetchInto = (cache: string, ...words: string[]) => {
  process.env.STRATA_CACHE_DIR = join(folder, cache);
  return run(["fetch", "cifar10", "--quiet", ...words]);
};

test("from a file, and once it is there from nowhere", async () => {
  const mine = join(folder, "mine.bin");
  const path = join(folder, "cache", "downloads", "ten.bin");
  writeFileSync(mine, content);
  expect(await fetchInto("cache", "--from", mine, "--json")).toBe(0);
  expect(JSON.parse(printed)).toEqual({ path, bytes: 10, sha256 });
  expect(readFileSync(path, "utf8")).toBe(content);
  printed = "";
  expect(await fetchInto("cache")).toBe(0);
  expect(printed).toBe(`Already there, and right: ${path} (10 B, SHA-256 ${sha256}).\n`);
});

test("from another server", async () => {
  const server = createServer((_, response) => response.end(content));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  expect(await fetchInto("cache", "--from", `http://127.0.0.1:${port}/x`)).toBe(0);
  server.close();
  const path = join(folder, "cache", "downloads", "ten.bin");
  expect(readFileSync(path, "utf8")).toBe(content);
  expect(printed).toBe(`Fetched cifar10: ${path} (10 B, SHA-256 ${sha256}).\n`);
});

test("another file of the same size is refused", async () => {
  const mine = join(folder, "mine.bin");
  writeFileSync(mine, content.toUpperCase());
  const got = createHash("sha256").update(content.toUpperCase()).digest("hex");
  expect(await fetchInto("cache", "--from", mine)).toBe(2);
  expect(printed).toContain(`strata: Expected a file with SHA-256 ${sha256} at ${mine}, got ${got}`);
});
