import { expect, test } from "vitest";
import { Progress, secondsLeft } from "./progress.js";

/** A stream that remembers, and a clock that the test sets. */
function stage(options: { isTTY?: boolean; columns?: number; quiet?: boolean }) {
  const written: string[] = [];
  const clock = { ms: 0 };
  const stream = { ...options, write: (text: string) => written.push(text) };
  const progress = new Progress(stream, { quiet: options.quiet, now: () => clock.ms });
  return { written, clock, progress };
}

test("in a terminal one line rewrites itself, cut to the window, at most ten times a second", () => {
  const { written, clock, progress } = stage({ isTTY: true, columns: 8 });
  for (clock.ms = 0; clock.ms < 200; clock.ms += 50) progress.update(`step ${clock.ms} of many`);
  expect(written).toEqual(["\r\u001b[Kstep 0 ", "\r\u001b[Kstep 10"]);
});

test("a note stands above the line, which comes back below it", () => {
  const { written, progress } = stage({ isTTY: true });
  progress.update("step 1");
  progress.note("saved");
  progress.clear();
  expect(written.slice(1)).toEqual(["\r\u001b[Ksaved\nstep 1", "\r\u001b[K"]);
});

test("in a pipe there are plain lines, one every five seconds", () => {
  const { written, clock, progress } = stage({});
  for (clock.ms = 0; clock.ms <= 10_000; clock.ms += 100) progress.update(`at ${clock.ms}`);
  progress.note("saved");
  expect(written).toEqual(["at 0\n", "at 5000\n", "at 10000\n", "saved\n"]);
});

test("quiet writes nothing", () => {
  const { written, progress } = stage({ isTTY: true, quiet: true });
  progress.update("step 1");
  progress.note("saved");
  progress.clear();
  expect(written).toEqual([]);
});

test("time left follows the rate so far", () => {
  expect(secondsLeft(25, 100, 10)).toBe(30);
  expect(secondsLeft(0, 100, 10)).toBe(Number.POSITIVE_INFINITY);
});
