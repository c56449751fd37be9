import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { appendMetrics, parseMetrics, type RunLine, readMetrics, type TrainLine } from "./metrics-log.js";

const folder = mkdtempSync(join(tmpdir(), "metrics-log-"));
afterAll(() => rmSync(folder, { recursive: true }));

const run: RunLine = {
  type: "run",
  time: "2025-01-02T03:04:05.000Z",
  version: "0.1.0",
  node: "20.20.0",
  device: "cpu",
  threads: 2,
  preset: "emoji32-small",
  data: "emoji",
  trainImages: 3000,
  validationImages: 391,
  parameters: 800_000,
  resumedFrom: null,
  groups: [{ index: 0, resolution: 1, channels: 16, share: null }],
};

function train(step: number, lossNats = 100): TrainLine {
  return {
    type: "train",
    step,
    images: step * 8,
    seconds: step,
    imagesPerSecond: 8,
    dataWaitShare: 0.01,
    lossNats,
    distortionNats: 60,
    klNats: 40,
    klWeightedNats: 40,
    spectral: 1,
    learningRate: 1e-3,
    gradientNorm: 2,
    skips: 0,
    groupKlNats: [40],
  };
}

const text = (...lines: object[]) => lines.map((line) => `${JSON.stringify(line)}\n`).join("");

test("what was appended is read back, one object a line", () => {
  const path = join(folder, "metrics.jsonl");
  appendMetrics(path, run);
  appendMetrics(path, train(1));
  expect(readFileSync(path, "utf8")).toBe(text(run, train(1)));
  expect(readMetrics(path)).toEqual([run, train(1)]);
});

test("numbers that are not finite survive as NaN", () => {
  const path = join(folder, "nan.jsonl");
  appendMetrics(path, { ...train(1, Number.NaN), gradientNorm: Number.POSITIVE_INFINITY, groupKlNats: [Number.NaN] });
  expect(readMetrics(path)).toEqual([{ ...train(1, Number.NaN), gradientNorm: Number.NaN, groupKlNats: [Number.NaN] }]);
});

test("a broken last line is left out when reading, and cut off when appending", () => {
  const path = join(folder, "broken.jsonl");
  appendMetrics(path, run);
  appendFileSync(path, `${JSON.stringify(train(1)).slice(0, 40)}${" ".repeat(9000)}`);
  expect(readMetrics(path)).toEqual([run]);
  appendMetrics(path, train(2));
  expect(readMetrics(path)).toEqual([run, train(2)]);
});

test("a broken line before the last is named", () => {
  expect(() => parseMetrics(`{"type":\n${text(run)}`, "runs/a/metrics.jsonl")).toThrow(
    /one JSON object a line in runs\/a\/metrics\.jsonl, line 1.*Delete that line/,
  );
});

test("a line with a missing field is named, with the field", () => {
  const { lossNats: _, ...rest } = train(1);
  expect(() => parseMetrics(text(run, rest), "metrics.jsonl")).toThrow(/metrics\.jsonl, line 2.*lossNats/s);
});

test("lines of unknown types are passed over", () => {
  expect(parseMetrics(text({ type: "weather" }, run), "")).toEqual([run]);
});

test("lines written after the checkpoint that a run went on from are left out", () => {
  const resumed = { ...run, resumedFrom: 2 };
  const lines = parseMetrics(text(run, train(1), train(2), train(3, 5), resumed, train(3, 7)), "");
  expect(lines).toEqual([run, train(1), train(2), resumed, train(3, 7)]);
});

test("a missing log names the path", () => {
  expect(() => readMetrics(join(folder, "none.jsonl"))).toThrow(/none\.jsonl.*ENOENT.*strata train --out/);
});
