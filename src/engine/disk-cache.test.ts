import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { numpy as np } from "@jax-js/jax";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { testRuntime } from "../../test/support/against-jax.js";
import { compile } from "./compile.js";
import { spec } from "./spec.js";

let folder: string;
let traced = 0;

beforeAll(() => run(undefined)); // tries the machine, by programs that are kept too, before files are counted
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "strata-cache-"));
  process.env.STRATA_CACHE_DIR = folder;
  traced = 0;
});
afterEach(() => {
  process.env.STRATA_CACHE_DIR = "";
  rmSync(folder, { recursive: true });
});
afterAll(() => testRuntime().dispose());

const doubled = (x: np.Array) => {
  traced++;
  return { twice: [x.ref.mul(2)], sum: x.sum() };
};

async function run(cacheKey: string | undefined, length = 3) {
  const program = await compile(doubled, [spec([length])], { runtime: testRuntime(), cacheKey });
  const result = await program.run(Float32Array.from({ length }, (_, i) => i));
  await program.dispose();
  return result;
}

const files = () =>
  readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".cached"));

test("a program with a key is traced once", async () => {
  const first = await run("a");
  expect(await run("a")).toEqual(first);
  expect(first).toEqual({ twice: [Float32Array.of(0, 2, 4)], sum: Float32Array.of(3) });
  expect([traced, files().length]).toEqual([1, 1]);
});

test("another key, another shape or no key is another program", async () => {
  await run("a");
  await run("b");
  await run("a", 4);
  await run(undefined);
  expect([traced, files().length]).toEqual([4, 3]);
});

test.each([
  ["cut short", (content: Buffer) => content.subarray(0, content.length - 1)],
  ["changed", (content: Buffer) => content.with(content.length - 5, 255 - content[content.length - 5])],
  ["empty", () => Buffer.alloc(0)],
])("a file that was %s is traced again and replaced", async (_, damage) => {
  const expected = await run("a");
  const path = join(folder, files()[0]);
  const content = readFileSync(path);
  writeFileSync(path, damage(content));
  expect(await run("a")).toEqual(expected);
  expect(traced).toBe(2);
  expect(readFileSync(path)).toEqual(content);
});

test("a folder that cannot be written to is no cache", async () => {
  process.env.STRATA_CACHE_DIR = join(folder, "file");
  writeFileSync(join(folder, "file"), "a file in the folder's place");
  await run("a");
  await run("a");
  expect(traced).toBe(2);
});

test("what was used longest ago goes when there is too much; files of sub-folders neither count nor go", async () => {
  const large = (...names: string[]) => {
    const path = join(folder, ...names);
    writeFileSync(path, "");
    truncateSync(path, 300 * 2 ** 20); // takes no room
    utimesSync(path, 1, 1);
    return path;
  };
  mkdirSync(join(folder, "downloads"));
  const kept = large("downloads", "a.cached");
  await run("a");
  await run("b");
  expect([existsSync(kept), files().length]).toEqual([true, 3]);
  const old = large("old.cached");
  await run("c");
  expect([existsSync(old), existsSync(kept), files().length]).toEqual([false, true, 4]);
});
