import { expect, test } from "vitest";
import { fittedLine, Progress, secondsLeft, wholeLine, workLine } from "./progress.js";

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

const status = {
  parts: ["30 %", { text: "step 5 of 90", short: "5/90" }, undefined, { text: "64.0 images/s", short: "64/s" }],
  importance: [1, 2, 3, 0],
};

test("all parts stand in their order, those that are missing left out", () => {
  expect(wholeLine(status)).toBe("30 %  step 5 of 90  64.0 images/s");
  expect(wholeLine("listing …")).toBe("listing …");
});

test.each([
  [33, "30 %  step 5 of 90  64.0 images/s"],
  [32, "30 %  5/90  64/s"],
  [16, "30 %  5/90  64/s"],
  [15, "5/90  64/s"],
  [9, "5/90"],
  [3, "5/…"],
  [1, "…"],
  [0, ""],
])("in %i columns: %s", (columns, line) => {
  expect(fittedLine(status, columns)).toBe(line);
});

test("a part in its short form gives way to a whole line of fewer parts only when it does not fit either", () => {
  const parts = [{ text: "step 5 of 90", short: "5/90" }, "10 s left"];
  expect(fittedLine({ parts }, 15)).toBe("5/90  10 s left");
  expect(fittedLine({ parts }, 14)).toBe("step 5 of 90");
});

test("wide characters and emoji take two cells, and are not cut in two", () => {
  expect(fittedLine("写真.zip: 5", 11)).toBe("写真.zip: 5");
  expect(fittedLine("写真.zip: 5", 10)).toBe("写真.zip:…");
  expect(fittedLine("写真.zip: 5", 4)).toBe("写…");
  expect(fittedLine("👩‍👩‍👧.png", 6)).toBe("👩‍👩‍👧.png");
  expect(fittedLine("👩‍👩‍👧.png", 3)).toBe("👩‍👩‍👧…");
  expect(fittedLine("e\u0301te\u0301", 3)).toBe("e\u0301te\u0301");
});

test("a name with line breaks or commands to the terminal stays on the line", () => {
  expect(wholeLine("a\nb\u001b[2Jc")).toBe("a\u{fffd}b\u{fffd}[2Jc");
});

test("work is told as how much, how fast and how long still, from the first report on", () => {
  let ms = 0;
  const line = workLine({ what: "packing images", unit: "images", now: () => ms });
  expect(wholeLine(line(1000, 50_000))).toBe("packing images: 1,000 of 50,000");
  ms = 10_000;
  const status = line(3000, 50_000);
  expect(wholeLine(status)).toBe("packing images: 3,000 of 50,000  200 images/s  3 min 55 s left");
  expect(fittedLine(status, 59)).toBe("3,000/50,000  200/s  3 min 55 s left");
  expect(fittedLine(status, 30)).toBe("3,000/50,000  3 min 55 s left");
  expect(fittedLine(status, 19)).toBe("3,000/50,000");
});

test("work that begins anew is measured anew", () => {
  let ms = 0;
  const line = workLine({ unit: "images", now: () => ms });
  line(0, 100);
  ms = 1000;
  expect(wholeLine(line(50, 100))).toBe("50 of 100 images  50.0 images/s  1.0 s left");
  expect(wholeLine(line(0, 100))).toBe("0 of 100 images");
});
