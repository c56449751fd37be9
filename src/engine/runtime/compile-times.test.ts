import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { rememberTime, toldIfLong, waiting } from "./compile-times.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "strata-times-"));
  vi.stubEnv("STRATA_CACHE_DIR", folder);
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** What is said while a program of some bytes is loaded for some seconds. */
async function said(bytes: number, seconds: number): Promise<string[]> {
  const notices: string[] = [];
  const load = new Promise((resolve) => setTimeout(() => resolve("loaded"), 1000 * seconds));
  const loaded = toldIfLong(load, { plugin: "here", bytes, onNotice: (message) => notices.push(message) });
  await vi.advanceTimersByTimeAsync(1000 * seconds);
  expect(await loaded).toBe("loaded");
  return notices;
}

test("who waits is told, and how long it took another time", async () => {
  expect(await said(2e6, 9)).toEqual([]);
  expect(await said(2e6, 40)).toEqual(["XLA compiles a program of 1.9 MiB; later starts load it from the disk."]);
  rememberTime("here", 2e6, 40);
  expect(await said(2.1e6, 30)).toEqual(["XLA compiles a program of 2.0 MiB; one of about that size took 40 s."]);
});

test("of programs of about that size, the nearest counts", () => {
  const times: [number, number][] = [
    [1e6, 10],
    [3e6, 30],
    [9e6, 90],
  ];
  expect(waiting(2.5e6, times)).toContain("took 30 s");
  expect(waiting(1e8, times)).toContain("later starts");
});
