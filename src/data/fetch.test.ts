import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { fetchDownload, fetchedPath } from "./fetch.js";

const { content, sha256 } = vi.hoisted(() => ({
  content: "ten bytes!",
  sha256: "0425074d7748edc4faa98177678ef8e16a493504dfa15ca02bcdc56a848aca99",
}));
vi.mock("./downloads.js", () => ({
  downloads: { cifar10: { url: "http://127.0.0.1:9/", file: "ten.bin", bytes: 10, sha256 } },
}));

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "strata-fetch-"));
  process.env.STRATA_CACHE_DIR = join(folder, "cache");
  writeFileSync(join(folder, "mine"), content);
});
afterEach(() => {
  process.env.STRATA_CACHE_DIR = "";
  rmSync(folder, { recursive: true });
});

const from = () => join(folder, "mine");

test("a file is found after it has been fetched, and not fetched again", async () => {
  expect(fetchedPath("cifar10")).toBeUndefined();
  const path = join(folder, "cache", "downloads", "ten.bin");
  expect(await fetchDownload("cifar10", { from: from() })).toEqual({ path, bytes: 10, sha256, found: false });
  expect(fetchedPath("cifar10")).toBe(path);
  expect(await fetchDownload("cifar10")).toEqual({ path, bytes: 10, sha256, found: true }); // without a server
});

test("a damaged file is said to be so and replaced, a cut one is not found", async () => {
  const { path } = await fetchDownload("cifar10", { from: from() });
  writeFileSync(path, "TEN bytes!");
  const notices: string[] = [];
  await fetchDownload("cifar10", { from: from(), onNotice: (message) => notices.push(message) });
  expect(notices).toEqual([`${path} is damaged: it will be replaced.`]);
  expect(readFileSync(path, "utf8")).toBe(content);
  writeFileSync(path, "ten");
  expect(fetchedPath("cifar10")).toBeUndefined();
});

test("without a cache there is no place for it", async () => {
  process.env.STRATA_CACHE_DIR = "";
  expect(fetchedPath("cifar10")).toBeUndefined();
  await expect(fetchDownload("cifar10", { from: from() })).rejects.toThrow("STRATA_CACHE_DIR is empty");
});

test("offline, what is not in the cache is not fetched", async () => {
  await expect(fetchDownload("cifar10", { offline: true })).rejects.toThrow(
    /Expected cifar10 in the cache, as `offline` asks, but it is not at .*ten\.bin\. Fetch it without `offline`/,
  );
  await expect(fetchDownload("cifar10", { offline: true, from: "package.json" })).rejects.toThrow(/is another file/);
});
