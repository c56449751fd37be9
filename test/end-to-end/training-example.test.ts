/** @file The example that trains: it runs as printed, and leaves a picture. */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

test("examples/images-in-memory.ts trains, samples and ends", async () => {
  const folder = mkdtempSync(join(tmpdir(), "strata-example-"));
  const out = join(folder, "run");
  const example = new URL("../../examples/images-in-memory.ts", import.meta.url).pathname;
  const { stdout } = await promisify(execFile)(process.execPath, ["--import", "tsx", example, "3", out]);
  expect(stdout).toContain("3 steps in");
  expect(existsSync(join(out, "samples.png"))).toBe(true);
  rmSync(folder, { recursive: true });
});
