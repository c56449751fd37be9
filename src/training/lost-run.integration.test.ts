/** @file A trainer whose run folder another has taken over: it stops, and writes nothing more. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { discs, tinyConfig } from "../../test/support/tiny.js";
import { UserError } from "../errors.js";
import { train } from "./train.js";

const lost = new AbortController();
vi.mock("./run/run-lock.js", () => ({
  lockRun: async () => ({ notices: ["Taken over from another."], lost: lost.signal, release: async () => {} }),
}));

const folder = mkdtempSync(join(tmpdir(), "strata-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("the step at which the lock is lost is the last, and no checkpoint is written", async () => {
  const steps: number[] = [];
  const notices: string[] = [];
  const training = train({
    config: tinyConfig({ training: { checkpointEvery: 5 } }),
    data: { train: discs(16), validation: discs(0) },
    out: folder,
    limit: { steps: 20 },
    onEvent: (event) => {
      if (event.type === "notice") notices.push(event.message);
      if (event.type !== "progress") return;
      steps.push(event.step);
      if (event.step === 3) lost.abort(new UserError("locked", "Another trainer has taken this folder over."));
    },
  });
  await expect(training).rejects.toThrow("Another trainer has taken this folder over.");
  expect(steps).toEqual([1, 2, 3]);
  expect(notices).toContain("Taken over from another.");
  expect(existsSync(join(folder, "checkpoints"))).toBe(false);
});
