import { join } from "node:path";
import { expect, test } from "vitest";
import { UserError } from "../../errors.js";
import { freeBytes, isSystemError, writeError } from "./write-error.js";

const failure = (code: string) => Object.assign(new Error(`${code}: as the system says`), { code, syscall: "write" });

test("a full disk: what there is and what is needed, as far as known", () => {
  expect(writeError("x", failure("ENOSPC"), 5 * 2 ** 20).message).toMatch(
    /^Expected to write x, but the disk is full: it needs 5\.0 MiB, and [\d.]+ [KMGT]iB are free \(ENOSPC: as the system says\)\. Make room, then resume\.$/,
  );
  expect(writeError("x", failure("ENOSPC")).message).toMatch(/the disk is full: [\d.]+ [KMGT]iB are free \(/);
});

test("other failures: what they mean, and what to do where that is known", () => {
  expect(writeError("a/b", failure("EACCES")).message).toBe(
    "Expected to write a/b, but it is not yours to write (EACCES: as the system says). Choose a place that can be written.",
  );
  expect(writeError("a/b", failure("EOTHER")).message).toBe(
    "Expected to write a/b, but that failed: EOTHER: as the system says.",
  );
  expect(writeError("a/b", new Error("no code at all")).message).toMatch("that failed: no code at all.");
  const said = new UserError("unwritable", "said already");
  expect(writeError("a/b", said)).toBe(said);
});

test("errors of the system are told from faults", () => {
  expect(isSystemError(failure("EIO"))).toBe(true);
  expect(isSystemError(new TypeError("a bug"))).toBe(false);
});

test("room is that of the nearest folder there is", () => {
  const here = freeBytes(import.meta.dirname)!;
  expect(here).toBeGreaterThan(0);
  const below = freeBytes(join(import.meta.dirname, "no", "such", "folder"))!;
  expect(Math.abs(below - here)).toBeLessThan(2 ** 30); // others write meanwhile
});
