import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fixtureMetrics } from "../../../test/support/report-fixture.js";
import { resolvePreset } from "../../config/index.js";
import { bitsPerDim } from "../../number-format.js";
import type { RunLine, SkipLine, ValidationLine } from "../../training/run/metrics-log.js";
import { fittedLine, Progress, wholeLine } from "./progress.js";
import { boundText, showTraining, trainingStatus } from "./training-display.js";

test("nats of an image become bits per dimension", () => {
  expect(bitsPerDim(3072 * Math.LN2, 32)).toBeCloseTo(1);
});

const nats = 3072 * Math.LN2;
const state = {
  ...{ step: 120, images: 1920, seconds: 30, imagesPerSecond: 64.04, skips: 0, share: 0.3, secondsLeft: 70 },
  ...{ lossNats: 3 * nats, distortionNats: 2 * nats, klNats: nats },
};

test("a progress line says how far, how long, how fast and how well", () => {
  expect(wholeLine(trainingStatus(state, 32, 3000))).toBe(
    "30 %  1 min 10 s left  64.0 images/s  objective 3.00  step 120 of 3,000  (bits/dim; distortion 2.00, KL 1.00 unweighted)",
  );
  expect(wholeLine(trainingStatus({ ...state, skips: 2 }, 32, null))).toContain("step 120  2 skipped");
});

test("in a narrow terminal step, time left, rate and loss stay whole down to 60 columns, and the step to the last", () => {
  const status = trainingStatus({ ...state, skips: 2 }, 32, 3000);
  expect(fittedLine(status, 79)).toBe("30 %  1 min 10 s left  64.0/s  loss 3.00  120/3,000  2 skipped");
  expect(fittedLine(status, 59)).toBe("30 %  1 min 10 s left  64.0/s  loss 3.00  120/3,000");
  expect(fittedLine(status, 45)).toBe("1 min 10 s left  64.0/s  loss 3.00  120/3,000");
  expect(fittedLine(status, 19)).toBe("step 120 of 3,000");
  const long = { ...state, step: 1_052_400, imagesPerSecond: 0.0123, secondsLeft: 700 * 86_400, skips: 1234 };
  const line = fittedLine(trainingStatus(long, 32, 1_052_500), 59);
  for (const part of ["1,052,400/1,052,500", "700 days left", "0.012/s", "loss 3.00"]) expect(line).toContain(part);
});

const bound = (split: ValidationLine["split"], step: number, bitsPerDim: number, psnrDb: number): ValidationLine => ({
  ...{ type: "validation", split, step, images: 8 * step, seconds: step, count: 8, bitsPerDim, psnrDb },
  ...{ boundNats: 1, distortionNats: 1, klNats: 0, groupKlNats: [1] },
});

test("the bound on held-out images stands beside the same of training images", () => {
  const [heldOut, train] = [bound("validation", 40, 3.914, 30.06), bound("train", 40, 4.018, 29.94)];
  expect(boundText(train, heldOut)).toBe(
    "step 40: bound 3.91 bits/dim (30.1 dB) on held-out images, 4.02 (29.9 dB) on training images",
  );
  expect(boundText(train)).toBe("step 40: bound 4.02 bits/dim (29.9 dB) on training images, none held out");
});

test("a start says what the objective is, and where pictures appear; an evaluation is one line", async () => {
  const out = mkdtempSync(join(tmpdir(), "strata-display-"));
  let screen = "";
  const progress = new Progress({ write: (text: string) => (screen += text) });
  const handle = showTraining(out, 8, progress, { page: join(out, "report.html") });
  const [run] = fixtureMetrics();
  await handle({
    type: "start",
    config: resolvePreset("emoji32-small"),
    run: run as RunLine,
    step: 0,
    totalSteps: 100,
  });
  for (const line of [bound("validation", 4, 3, 30), bound("train", 4, 3.5, 29), bound("train", 8, 3.25, 29)]) {
    await handle({ type: "validation", line });
  }
  const lines = screen.trim().split("\n");
  expect(lines[1]).toMatch(/^objective: what training minimises, .* It is no bound on the likelihood/);
  expect(lines[2]).toBe(
    `pictures: ${join(out, "samples")}; the newest of them with all curves: ${join(out, "report.html")}`,
  );
  expect(lines.slice(3)).toEqual([
    "step 4: bound 3.00 bits/dim (30.0 dB) on held-out images, 3.50 (29.0 dB) on training images",
    "step 8: bound 3.25 bits/dim (29.0 dB) on training images, none held out",
  ]);
  rmSync(out, { recursive: true });
});

test("skipped updates are all in log.txt, but on the screen only one in ten seconds, with the number of the others", async () => {
  const out = mkdtempSync(join(tmpdir(), "strata-display-"));
  let nowMs = 0;
  let screen = "";
  const progress = new Progress({ write: (text: string) => (screen += text) });
  const handle = showTraining(out, 8, progress, { now: () => nowMs });
  for (const step of [3, 4, 5, 6]) {
    const line: SkipLine = {
      ...{ type: "skip", step, images: 8 * step, seconds: 1, reason: "non-finite loss", consecutive: step - 2 },
      ...{ lossNats: Number.NaN, distortionNats: 1, klNats: 1, gradientNorm: 12_345.6, groupKlNats: [1] },
    };
    await handle({ type: "skip", line });
    nowMs += 4000;
  }
  expect(screen.trim().split("\n")).toEqual([
    "step 3: update skipped because of a non-finite loss (loss NaN nats, gradient norm 12346)",
    "step 6: update skipped because of a non-finite loss, 4 in a row (loss NaN nats, gradient norm 12346); 2 more before it",
  ]);
  expect(readFileSync(join(out, "log.txt"), "utf8").match(/step \d: update skipped/g)).toHaveLength(4);
  rmSync(out, { recursive: true });
});

test("when the wait is over it leaves, also where log.txt cannot be written", async () => {
  let [left, screen] = [0, ""];
  const progress = new Progress({ write: (text: string) => (screen += text) });
  const leave = () => left++;
  const waiting = { type: "waiting", saved: { step: 40, folder: "runs/a/checkpoints/step-40" } } as const;
  await expect(showTraining("/nowhere/run", 8, progress, { leave })(waiting)).rejects.toThrow("Expected to write");
  expect(left).toBe(1);
  const out = mkdtempSync(join(tmpdir(), "strata-display-"));
  await showTraining(out, 8, progress, { leave })(waiting);
  expect(left).toBe(2);
  expect(screen).toContain("leaving without saving, what is saved is step 40.");
  rmSync(out, { recursive: true });
});
