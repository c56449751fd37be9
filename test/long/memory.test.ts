/** @file Long runs need no more memory than short ones. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Runtime } from "../../src/engine/index.js";
import { train } from "../../src/training/train.js";
import { discs, tinyConfig } from "../support/tiny.js";

const MEBIBYTE = 2 ** 20;
let folder: string;
let runtime: Runtime;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "strata-memory-"));
  runtime = new Runtime({ threads: 1 });
});
afterAll(async () => {
  await runtime.dispose();
  rmSync(folder, { recursive: true });
});

test.each([
  ["kept activations", false, 8],
  ["rematerialised micro-batches", true, 4],
])("1,000 steps do not grow: %s", async (name, rematerialise, microBatchSize) => {
  const config = tinyConfig({ training: { steps: 1500, rematerialise, microBatchSize, evaluateEvery: 250 } });
  const resident: number[] = [];
  const onEvent = ({ type }: { type: string }) => {
    if (type === "progress") resident.push(process.memoryUsage.rss());
  };
  const data = { train: discs(64), validation: discs(16, { start: 1000 }) };
  await train({ config, data, out: join(folder, name), runtime, onEvent });
  const least = (from: number, to: number) => Math.min(...resident.slice(from, to)) / MEBIBYTE;
  const [before, after] = [least(400, 500), least(1400, 1500)];
  console.log(`${name}: ${before.toFixed(0)} MiB after 500 steps, ${after.toFixed(0)} after 1,500`);
  expect(after - before).toBeLessThan(16);
});
