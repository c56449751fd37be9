import { expect, test } from "vitest";
import type { Calibration } from "../../experiments/calibration/settings.js";
import type { RunStatus } from "../../training/run/run-status.js";
import { runText } from "./inspect-run.js";

const checkpoint = (step: number) => ({ step, bytes: 2 ** 20, parts: ["ema", "optimizer"] });
const status: RunStatus = {
  ...{ step: 1250, totalSteps: 3000, images: 20_000, seconds: 723 },
  computed: { device: "cpu", threads: 2, version: "0.1.0" },
  data: { name: "emoji", count: 1940, heldOut: 104, classes: ["a", "b"], classCounts: [1, 1939] },
  best: { step: 1000, bitsPerDim: 3.1234 },
  last: { step: 1200, bitsPerDim: 3.2 },
  checkpoints: [checkpoint(500), checkpoint(1000)],
  trainers: [{ pid: 12, host: "here", since: "2026-11-29T10:00:00.000Z" }],
  notices: ["Something to know."],
};

test("a run that is trained now", () => {
  expect(runText("runs/a", status).split("\n")).toEqual([
    "run          runs/a",
    "training     now, by process 12 on here, since 2026-11-29T10:00:00.000Z",
    "step         1,250 of 3,000, 20,000 images, each 10.3 times; saved up to step 1,000",
    "trained      12 min 3 s, last on the CPU with 2 threads by strata 0.1.0",
    "data         emoji: 1,940 images to train on, 104 held out, 2 classes",
    "best bound   3.123 bits/dim at step 1,000; the last 3.200 bits/dim at step 1,200",
    "checkpoints  steps 500  1,000, 2.0 MiB in all",
    "Something to know.",
  ]);
});

test("the sampling settings that were found, and for which weights", () => {
  const sampling = { temperature: [{ resolution: 8, temperature: 0.5 }], guidance: [] };
  const calibration: Calibration = {
    sampling,
    weights: { digest: "ab", step: 500 },
    found: {
      ...{ date: "2026-11-30T12:00:00.000Z", version: "0.1.0", data: "emoji", features: "pixels" },
      ...{ images: { search: 20, check: 30 }, samples: { search: [8], check: 16 }, seeds: { search: 0, check: 1 } },
      ...{ candidates: 9, isComplete: true, best: sampling },
      check: {
        metric: "energy distance (pixels)",
        distance: { unadjusted: 0.52, calibrated: 0.25 },
        difference: -0.27,
        standardError: 0.01,
      },
    },
  };
  const line = (found: Calibration) => runText("runs/a", status, { calibration: found }).split("\n").at(-2);
  expect(line(calibration)).toBe(
    "calibrated   at step 500, --temperature 8:0.5; energy distance (pixels) 0.250 instead of 0.520; out of date: the newest checkpoint is of step 1,000",
  );
  const plain = { ...calibration, sampling: { temperature: [], guidance: [] }, weights: { digest: "ab", step: 1000 } };
  expect(line(plain)).toBe("calibrated   at step 1,000, plain sampling: nothing better was found");
});

test("weights of which little is known", () => {
  const data = { name: "imported from x.pt", count: 0, heldOut: null, classes: [], classCounts: [] };
  const none = { step: 0, images: 0, seconds: null, computed: null, best: null, last: null, trainers: [], notices: [] };
  const text = runText("runs/a", { ...status, ...none, data, checkpoints: [checkpoint(0)] });
  for (const line of [
    "training     not now",
    "step         not known",
    "trained      elsewhere",
    "data         imported from x.pt",
  ])
    expect(text).toContain(line);
  expect(text).toContain("best bound   not measured yet");
});

test("of many checkpoints the newest are named", () => {
  const checkpoints = Array.from({ length: 9 }, (_, index) => checkpoint(index));
  expect(runText("runs/a", { ...status, checkpoints })).toContain(
    "3 earlier and steps 3  4  5  6  7  8, 9.0 MiB in all",
  );
});
