import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { isAbandoned, isGone, newWriter, WRITERS_PLACE } from "./writer.js";

const host = WRITERS_PLACE;
const ended = spawnSync(process.execPath, ["--eval", ""]).pid;

test("writers of one process have names of their own, and live as long as it does", () => {
  const [first, second] = [newWriter(), newWriter()];
  expect(first).not.toBe(second);
  expect(first).toContain(`${host}-${process.pid}-`);
  expect([first, second, `${host}-${process.ppid}-0`].map(isGone)).toEqual([false, false, false]);
});

test("a process of this machine that has ended is gone; of another machine's nothing is known", () => {
  expect(isGone(`${host}-${ended}-3`)).toBe(true);
  expect(isGone(`not-${host}-${ended}-3`)).toBe(false);
  expect(isGone("another name")).toBe(false);
});

test("what has been still for an hour is abandoned, whoever wrote it", () => {
  const now = Date.now();
  expect(isAbandoned(newWriter(), now - 3_500_000)).toBe(false);
  expect(isAbandoned(newWriter(), now - 3_700_000)).toBe(true);
  expect(isAbandoned(`elsewhere-${ended}-0`, now)).toBe(false);
  expect(isAbandoned(`${host}-${ended}-0`, now)).toBe(true);
});
