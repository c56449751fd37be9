import { expect, test } from "vitest";
import { Progress, secondsLeft } from "./progress.js";

/** A stream that remembers, and a clock that the test sets. */
function stage(options: { isTTY?: boolean; columns?: number; quiet?: boolean }) {
  const written: string[] = [];
  const clock = { ms: 0 };
  const listeners = new Set<() => void>();
  const stream = {
    ...options,
    write: (text: string) => written.push(text),
    on: (_: "resize", listener: () => void) => listeners.add(listener),
    off: (_: "resize", listener: () => void) => listeners.delete(listener),
  };
  const progress = new Progress(stream, { quiet: options.quiet, now: () => clock.ms });
  const resize = (columns: number) => {
    stream.columns = columns;
    for (const listener of listeners) listener();
  };
  return { written, clock, progress, listeners, resize };
}

test("in a terminal one line rewrites itself, cut to the window, at most ten times a second", () => {
  const { written, clock, progress } = stage({ isTTY: true, columns: 8 });
  for (clock.ms = 0; clock.ms < 200; clock.ms += 50) progress.update(`step ${clock.ms} of many`);
  expect(written).toEqual(["\r\u001b[Kstep 0…", "\r\u001b[Kstep 1…"]);
});

test("at 60 and at 20 columns it is one line, of the parts that fit", () => {
  const parts = ["30 %", "1 min 10 s left", "64.0 images/s", "bits/dim: loss 3.00", "step 120 of 3,000"];
  const { written, progress, resize, clock } = stage({ isTTY: true, columns: 60 });
  progress.update({ parts, importance: [4, 1, 2, 3, 0] });
  resize(20);
  clock.ms = 1000;
  progress.update({ parts, importance: [4, 1, 2, 3, 0] });
  expect(written).toEqual([
    "\r\u001b[K1 min 10 s left  64.0 images/s  step 120 of 3,000",
    "\r\u001b[Kstep 120 of 3,000",
    "\r\u001b[Kstep 120 of 3,000",
  ]);
});

test("it follows the width of the terminal while it is shown, also between two states", () => {
  const { written, progress, listeners, resize } = stage({ isTTY: true, columns: 40 });
  progress.update({ parts: ["step 1 of 9", "12 s left"] });
  resize(15);
  progress.note("saved");
  resize(40);
  progress.clear();
  expect(written).toEqual([
    "\r\u001b[Kstep 1 of 9  12 s left",
    "\r\u001b[Kstep 1 of 9",
    "\r\u001b[Ksaved\nstep 1 of 9",
    "\r\u001b[Kstep 1 of 9  12 s left",
    "\r\u001b[K",
  ]);
  expect(listeners.size).toBe(0);
});

test("a terminal that does not know its width is taken to have 80 columns", () => {
  const { written, progress } = stage({ isTTY: true, columns: 0 });
  progress.update("x".repeat(100));
  expect(written).toEqual([`\r\u001b[K${"x".repeat(78)}…`]);
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
