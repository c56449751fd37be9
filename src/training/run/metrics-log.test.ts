import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { UserError } from "../../errors.js";
import {
  appendMetrics,
  beginLog,
  type MetricsLine,
  parseMetrics,
  type RunLine,
  readMetrics,
  type SkipLine,
  syncMetrics,
  type TrainLine,
} from "./metrics-log.js";

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
  const lines = [run, train(1), { ...run, device: "xla", precision: "bfloat16", resumedFrom: 1 }];
  for (const line of lines) appendMetrics(path, line);
  expect(readFileSync(path, "utf8")).toBe(text(...lines));
  expect(readMetrics(path)).toEqual(lines);
});

test("a log that cannot be written is named, with the reason", () => {
  const path = join(folder, "a-folder");
  mkdirSync(path);
  for (const write of [() => appendMetrics(path, run), () => syncMetrics(path)]) {
    expect(write).toThrow(UserError);
    expect(write).toThrow(`Expected to write ${path}, but a folder of that name is there`);
  }
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

test("lines of unknown types are skipped", () => {
  expect(parseMetrics(text({ type: "weather" }, run), "")).toEqual([run]);
});

test("lines written after the checkpoint that a run went on from are left out", () => {
  const resumed = { ...run, resumedFrom: 2 };
  const lines = parseMetrics(text(run, train(1), train(2), train(3, 5), resumed, train(3, 7)), "");
  expect(lines).toEqual([run, train(1), train(2), resumed, train(3, 7)]);
});

test("a missing log names the path", () => {
  expect(() => readMetrics(join(folder, "none.jsonl"))).toThrow(/none\.jsonl.*ENOENT.*the folder of a run/);
});

describe("a log that is resumed", () => {
  const path = join(folder, "resumed.jsonl");
  const part = { ...run, resumedFrom: 20 };
  const skip: SkipLine = {
    ...{ type: "skip", step: 17, images: 136, seconds: 17, reason: "non-finite gradient", consecutive: 1 },
    ...{ lossNats: 1, distortionNats: 1, klNats: 1, gradientNorm: Number.NaN, groupKlNats: [1] },
  };
  const before: MetricsLine[] = [run, train(10), skip, train(20)];
  const after = [train(30), { ...skip, step: 31 }, { ...run, resumedFrom: 30, seconds: 31 }, train(40)];
  /** Every line of the file as whoever reads it sees them. */
  const onDisk = () => {
    const rows = readFileSync(path, "utf8").split("\n");
    expect(rows.pop()).toBe("");
    return rows.map((row) => JSON.parse(row));
  };
  const asJson = (lines: unknown) => JSON.parse(JSON.stringify(lines));

  test("has no line twice in the file itself, wherever writing was broken off", async () => {
    const whole = text(...before);
    const tail = text(...after.slice(0, 2));
    for (let length = 0; length <= tail.length; length++) {
      writeFileSync(path, whole + tail.slice(0, length));
      const { line, broken } = await beginLog(path, part, false);
      expect(broken).toBe(0);
      expect(line).toEqual({ ...part, seconds: 20 });
      expect(onDisk()).toEqual(asJson([...before, line]));
    }
    expect(readdirSync(folder).filter((name) => name.includes(".writing"))).toEqual([]);
  });

  test("keeps all whole lines up to the checkpoint when the tail is broken before it", async () => {
    const whole = text(...before);
    const start = whole.length - text(train(20)).length;
    for (let length = start; length < whole.length; length++) {
      writeFileSync(path, whole.slice(0, length));
      await beginLog(path, part, false);
      // Complete without its newline, the last line counts.
      const kept = length === whole.length - 1 ? before : before.slice(0, -1);
      expect(onDisk().slice(0, -1)).toEqual(asJson(kept));
    }
  });

  test("keeps what happened, lines it does not know, and counts broken ones", async () => {
    const rows = [
      ...before,
      { type: "weather", step: 3 },
      { type: "weather" },
      ...after,
      { type: "weather", step: 21 },
    ];
    writeFileSync(path, `${text(...rows)}{"type": "tr\n${text(train(19))}{"type":`);
    const { line, broken } = await beginLog(path, part, false);
    expect(broken).toBe(1);
    const kept = [...before, { type: "weather", step: 3 }, { type: "weather" }, after[2], train(19), line];
    expect(onDisk()).toEqual(asJson(kept));
  });

  test("takes back the line of a stop between two lines, but not its time", async () => {
    writeFileSync(path, text(...before));
    const { line } = await beginLog(path, part, true);
    expect(line.seconds).toBe(20);
    expect(onDisk()).toEqual(asJson([run, train(10), skip, line]));
    const again = await beginLog(path, part, true); // killed at once, and resumed again
    expect(again.line.seconds).toBe(20);
  });

  test("starts empty when the run does", async () => {
    writeFileSync(path, text(...before));
    const { line } = await beginLog(path, run, false);
    expect(onDisk()).toEqual(asJson([line]));
    expect(line.seconds).toBe(0);
  });
});
