import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { fingerprint, readResult, writeResult } from "./results.js";

const folder = mkdtempSync(join(tmpdir(), "strata-results-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("a result is the answer to its own question only", async () => {
  const path = join(folder, "deep", "result.json");
  const question = fingerprint("weights", { count: 3 });
  expect(await readResult(path, question)).toBeUndefined();
  await writeResult(path, question, { value: 0.25 });
  expect(await readResult(path, question)).toEqual({ value: 0.25 });
  expect(await readResult(path, fingerprint("weights", { count: 4 }))).toBeUndefined();
  writeFileSync(path, '{"question": "');
  expect(await readResult(path, question)).toBeUndefined();
});
