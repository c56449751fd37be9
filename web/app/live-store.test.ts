import { expect, test } from "vitest";
import type { MetricsLine } from "../../src/training/run/metrics-log.js";
import { afterEvent, EMPTY_LOG, extended } from "./live-store.js";

const train = (step: number) => ({ type: "train", step }) as MetricsLine;
const bound = (split: "train" | "validation", step: number) => ({ type: "validation", split, step }) as MetricsLine;
const run = (resumedFrom: number | null) => ({ type: "run", resumedFrom }) as MetricsLine;
const steps = (lines: readonly { step: number }[]) => lines.map(({ step }) => step);

test("lines are sorted by what they say", () => {
  const log = extended(EMPTY_LOG, [run(null), train(1), bound("validation", 1), bound("train", 1), train(2)]);
  expect([steps(log.train), steps(log.heldOut), steps(log.onTraining)]).toEqual([[1, 2], [1], [1]]);
  expect(EMPTY_LOG.train).toEqual([]);
});

test("a run that was resumed forgets what came after the step it resumed from", () => {
  const log = extended(EMPTY_LOG, [run(null), train(1), train(2), bound("validation", 2), run(1), train(2), train(3)]);
  expect([steps(log.train), steps(log.heldOut)]).toEqual([[1, 2, 3], []]);
});

test("a log that begins anew forgets its lines, not its pictures", () => {
  const events = [
    { type: "lines", run: "a", lines: [train(1)] },
    { type: "pictures", run: "a", steps: [5] },
    { type: "broken", run: "a", count: 2 },
  ] as const;
  const log = events.reduce((before, event) => afterEvent(before, event as never), EMPTY_LOG);
  expect(log).toMatchObject({ steps: [5], broken: 2 });
  expect(afterEvent(log, { type: "restart", run: "a" })).toEqual({ ...EMPTY_LOG, steps: [5] });
});
