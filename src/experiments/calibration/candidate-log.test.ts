import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { CandidateLog } from "./candidate-log.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "candidates-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const cool = { temperature: [{ resolution: 8, temperature: 0.7 }], guidance: [] };
const plain = { temperature: [], guidance: [] };

test("what was measured is found again by settings, number of samples and question", async () => {
  const log = await CandidateLog.open(folder, "weights a");
  await log.add(cool, 20, { distance: 0.25, accuracy: 0.5 });
  await log.add(plain, 20, { distance: Number.POSITIVE_INFINITY });
  await log.addComparison(cool, plain, 20, { difference: -0.5, standardError: 0.25 });
  const again = await CandidateLog.open(folder, "weights a");
  for (const each of [log, again]) {
    expect(each.find(cool, 20)).toEqual({ distance: 0.25, accuracy: 0.5 });
    expect(each.find(plain, 20)).toEqual({ distance: Number.POSITIVE_INFINITY });
    expect(each.find(cool, 40)).toBeUndefined();
    expect(each.findComparison(cool, plain, 20)).toEqual({ difference: -0.5, standardError: 0.25 });
    expect(each.findComparison(plain, cool, 20)).toBeUndefined();
  }
  expect((await CandidateLog.open(folder, "weights b")).find(cool, 20)).toBeUndefined();
});

test("a line that was not finished is passed over, and the next one is whole", async () => {
  const path = join(folder, "candidates.jsonl");
  await (await CandidateLog.open(folder, "a")).add(cool, 20, { distance: 0.25 });
  appendFileSync(path, readFileSync(path, "utf8").slice(0, 30));
  await (await CandidateLog.open(folder, "a")).add(plain, 20, { distance: 1 });
  const log = await CandidateLog.open(folder, "a");
  expect([log.find(cool, 20), log.find(plain, 20)]).toEqual([{ distance: 0.25 }, { distance: 1 }]);
});
