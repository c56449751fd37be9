import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import type os from "node:os";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { cacheFolder, cacheProblem, homeFolder } from "./cache-folder.js";

/** What the system's list of users says; undefined: it has no such user. */
const users = vi.hoisted(() => ({ home: undefined as string | undefined }));
vi.mock("node:os", async (original) => {
  const honest = await original<typeof os>();
  const noUser = () => {
    throw new Error("A system error occurred: uv_os_homedir returned ENOENT (no such file or directory)");
  };
  const userInfo = () => ({ homedir: users.home ?? noUser() });
  return { ...honest, userInfo, homedir: () => process.env.HOME ?? users.home ?? noUser() };
});

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "strata-home-"));
  users.home = undefined;
  for (const name of ["STRATA_CACHE_DIR", "XDG_CACHE_HOME", "HOME"]) vi.stubEnv(name, undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true });
});

test("the cache lies where STRATA_CACHE_DIR says, else XDG_CACHE_HOME, else in the home folder", () => {
  vi.stubEnv("HOME", home);
  expect(cacheFolder()).toBe(join(home, ".cache", "strata"));
  vi.stubEnv("XDG_CACHE_HOME", "/var/cache");
  expect(cacheFolder()).toBe("/var/cache/strata");
  vi.stubEnv("STRATA_CACHE_DIR", "here");
  expect(cacheFolder()).toBe("here");
  vi.stubEnv("STRATA_CACHE_DIR", "");
  expect([cacheFolder(), cacheProblem()]).toEqual([undefined, undefined]); // switched off, which is no problem
});

test("a relative XDG_CACHE_HOME is ignored, as its specification says", () => {
  vi.stubEnv("HOME", home);
  vi.stubEnv("XDG_CACHE_HOME", "cache");
  expect(cacheFolder()).toBe(join(home, ".cache", "strata"));
});

test.each([
  ["empty", ""],
  ["relative", "home"],
  ["not set", undefined],
])("where HOME is %s, the list of users tells", (_, named) => {
  vi.stubEnv("HOME", named);
  users.home = home;
  expect(homeFolder()).toBe(home);
});

test("without a home folder there is no cache, and nothing is made", () => {
  const named = [undefined, "", "home", join(home, "missing")];
  for (const value of named) {
    vi.stubEnv("HOME", value);
    expect([homeFolder(), cacheFolder()], value).toEqual([undefined, undefined]);
    expect(cacheProblem()).toBe(
      "There is no home folder to keep a cache in: let STRATA_CACHE_DIR name a folder that can be written.",
    );
  }
  expect(readdirSync(home)).toEqual([]);
});

test("a cache that cannot be written is a problem with a reason; one that can be made is none", () => {
  vi.stubEnv("STRATA_CACHE_DIR", join(home, "new", "cache"));
  expect(cacheProblem()).toBeUndefined();
  expect(existsSync(join(home, "new"))).toBe(false);
  writeFileSync(join(home, "file"), "");
  chmodSync(join(home, "file"), 0o444);
  vi.stubEnv("STRATA_CACHE_DIR", join(home, "file", "cache"));
  expect(cacheProblem()).toMatch(/^The cache \S+ cannot be written \(.+\): let STRATA_CACHE_DIR name/);
  const locked = join(home, "locked");
  mkdirSync(locked, { mode: 0o555 });
  if (process.getuid?.() === 0) return; // may write everywhere
  vi.stubEnv("STRATA_CACHE_DIR", locked);
  expect(cacheProblem()).toContain("permission denied");
});
