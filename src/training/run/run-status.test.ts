import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { tinyModel } from "../../../test/support/tiny.js";
import { checkpointFolder } from "./checkpoint.js";
import { appendMetrics, type MetricsLine } from "./metrics-log.js";
import { runPaths } from "./run-folder.js";
import { lockRun } from "./run-lock.js";
import { readRunStatus } from "./run-status.js";
import { saveModel } from "./save-model.js";

const { config, data, parameters } = tinyModel();
let folder = "";
beforeEach(async () => {
  folder = join(mkdtempSync(join(tmpdir(), "strata-status-")), "run");
  const counters = { step: 40, images: 320, updates: 38, skips: 2, consecutiveSkips: 0 };
  await saveModel(folder, { config, data, counters }, { ema: parameters });
});
afterEach(() => rmSync(join(folder, ".."), { recursive: true }));

const position = (step: number) => ({ step, images: 8 * step, seconds: step / 10 });
const run: MetricsLine = {
  ...{ type: "run", time: "2026-11-29T10:00:00.000Z", version: "0.1.0", node: "v20", device: "cpu", threads: 2 },
  ...{ preset: "custom", data: "discs", trainImages: 10, validationImages: 3, parameters: 5, resumedFrom: null },
  ...{ seconds: 0, groups: [] },
};
const bound = (step: number, bitsPerDim: number): MetricsLine => ({
  ...{ type: "validation", split: "validation", ...position(step), count: 3, bitsPerDim, boundNats: 1, klNats: 1 },
  ...{ distortionNats: 1, psnrDb: 20, groupKlNats: [1, 1, 1] },
});

test("weights from elsewhere: what is known of them, and that they cannot be resumed", async () => {
  const status = await readRunStatus(folder);
  expect(status).toMatchObject({ step: 40, images: 320, seconds: null, computed: null, best: null, trainers: [] });
  expect(status.data).toEqual({ ...data, heldOut: null });
  expect(status.checkpoints).toEqual([{ step: 40, bytes: expect.any(Number), parts: ["ema"] }]);
  expect(status.notices).toEqual([
    "2 updates were skipped; metrics.jsonl says why.",
    expect.stringContaining("`initial`"),
  ]);
});

test("a run under way is as far as its log; the best bound is that of a checkpoint that is kept", async () => {
  appendMetrics(runPaths(folder).metrics, run, bound(20, 2), bound(40, 3), bound(60, 3.5));
  const lock = await lockRun(folder);
  const status = await readRunStatus(folder);
  await lock.release();
  expect(status).toMatchObject({
    ...{ step: 60, totalSteps: 1000, images: 480, seconds: 6, data: { heldOut: 3 } },
    ...{ computed: { device: "cpu", threads: 2, version: "0.1.0" } },
    ...{ best: { step: 40, bitsPerDim: 3 }, last: { step: 60, bitsPerDim: 3.5 } },
  });
  expect(status.trainers).toMatchObject([{ pid: process.pid }]);
  expect((await readRunStatus(folder)).trainers).toEqual([]);
});

test("a checkpoint that is cut off and a log that is none are told, and the rest is there all the same", async () => {
  truncateSync(join(checkpointFolder(runPaths(folder).checkpoints, 40), "ema.safetensors"), 10);
  writeFileSync(runPaths(folder).metrics, "not\na log\n");
  const { checkpoints, notices, data: images } = await readRunStatus(folder);
  expect({ checkpoints, images }).toEqual({ checkpoints: [], images: { ...data, heldOut: null } });
  expect(notices[0]).toContain("metrics.jsonl");
  expect(notices[1]).toMatch(
    /The checkpoint of step 40 cannot be used\. Expected \d+ bytes in .*ema.safetensors, got 10/,
  );
});
