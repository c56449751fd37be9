import { appendFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { makeTemporaryFolder } from "../io/files/temporary-folder.js";
import type { MetricsLine } from "../training/run/metrics-log.js";
import { LogTail } from "./log-tail.js";

const folder = makeTemporaryFolder("strata-tail-");
afterAll(() => folder[Symbol.dispose]());
let files = 0;
const newPath = () => join(folder.path, `${files++}.jsonl`);

const plateau = (step: number): MetricsLine => ({
  ...{ type: "plateau", step, images: step, seconds: step },
  ...{ bestStep: 1, bestBitsPerDim: 3, evaluations: 10 },
});
const text = (...steps: number[]) => steps.map((step) => `${JSON.stringify(plateau(step))}\n`).join("");
const read = async (tail: LogTail) => {
  const { restarted, lines, broken } = await tail.read();
  return { restarted, broken, steps: lines.map((line) => (line as { step: number }).step) };
};

test("lines are told once each, and whole ones alone", async () => {
  const path = newPath();
  const tail = new LogTail(path);
  expect(await read(tail)).toEqual({ restarted: false, broken: 0, steps: [] });
  writeFileSync(path, text(1, 2));
  expect(await read(tail)).toEqual({ restarted: false, broken: 0, steps: [1, 2] });
  const third = text(3);
  appendFileSync(path, third.slice(0, 20));
  expect((await read(tail)).steps).toEqual([]);
  appendFileSync(path, third.slice(20));
  expect((await read(tail)).steps).toEqual([3]);
  expect((await read(tail)).steps).toEqual([]);
});

test("another reader goes on at a position; where the file is another one by then, it begins anew", async () => {
  const path = newPath();
  writeFileSync(path, text(1, 2));
  const first = new LogTail(path);
  await first.read();
  appendFileSync(path, text(3));
  const second = new LogTail(path, first.position);
  expect(await read(second)).toEqual({ restarted: false, broken: 0, steps: [3] });
  writeFileSync(`${path}.new`, text(1, 7)); // as a run that is resumed replaces its log
  renameSync(`${path}.new`, path);
  expect(await read(second)).toEqual({ restarted: true, broken: 0, steps: [1, 7] });
  expect(await read(new LogTail(path, first.position))).toEqual({ restarted: true, broken: 0, steps: [1, 7] });
  for (const nonsense of ["", "x", "-1--1", "1-999999999999999999999", "../../etc"]) {
    expect((await read(new LogTail(path, nonsense))).steps, nonsense).toEqual([1, 7]);
  }
});

test("a log that was cut off or removed begins anew", async () => {
  const path = newPath();
  writeFileSync(path, text(1, 2));
  const tail = new LogTail(path);
  await tail.read();
  writeFileSync(path, text(5));
  expect(await read(tail)).toEqual({ restarted: true, broken: 0, steps: [5] });
  rmSync(path);
  expect(await read(tail)).toEqual({ restarted: true, broken: 0, steps: [] });
});

test("lines that cannot be read are counted, those of later versions passed over", async () => {
  const path = newPath();
  writeFileSync(
    path,
    `${text(1)}{"type":"plateau"\n{"type":"plateau","step":"two"}\nno json\n\n{"type":"news"}\n${text(2)}`,
  );
  expect(await read(new LogTail(path))).toEqual({ restarted: false, broken: 3, steps: [1, 2] });
});

test("a long log comes in parts, and a line without end is passed over", async () => {
  const path = newPath();
  const steps = Array.from({ length: 20_000 }, (_, step) => step);
  writeFileSync(path, text(...steps));
  const tail = new LogTail(path);
  const seen: number[] = [];
  let parts = 0;
  for (let news = await read(tail); news.steps.length > 0; news = await read(tail)) {
    seen.push(...news.steps);
    parts++;
  }
  expect(parts).toBeGreaterThan(1);
  expect(seen).toEqual(steps);
  const endless = newPath();
  writeFileSync(endless, "x".repeat(2 ** 21));
  expect((await new LogTail(endless).read()).broken).toBe(1);
});

test("a folder in the log's place is no log, and keeps nobody waiting", async () => {
  const path = newPath();
  mkdirSync(path);
  expect(await read(new LogTail(path))).toEqual({ restarted: false, broken: 0, steps: [] });
});
