/**
 * @file `--device xla` on the command line: a run that goes from the CPU to XLA and back, what is made of it, and the machine's
 * report. XLA optimises little, since to compile takes longer than to run, and compiles each program once.
 */
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { numpy as np } from "@jax-js/jax";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { spec } from "../../src/engine/index.js";
import { portableModel } from "../../src/engine/portable.js";
import { readMetrics } from "../../src/training/run/metrics-log.js";
import { discs, type Ended, sharedStrata, startWith, temporaryFolder, tiny } from "../support/command-line.js";
import { quickFlags, xlaPlugins } from "../support/pjrt.js";

const [plugin] = xlaPlugins(process.env);
const folder = temporaryFolder();
const at = (...names: string[]) => join(folder, ...names);
const data = at("discs");
/** One level: XLA takes long to compile for each. */
const level = { resolution: 8, channels: 8, encoderBlocks: 1, stochasticLayers: 1 };
const labelled = [...tiny, `model.levels=${JSON.stringify([level])}`, "model.classes=2", "--data", data];

const result = ({ code, stdout, stderr }: Ended) => {
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout);
};

/** The result of a command that must succeed, on the CPU. */
const onCpu = async (...words: string[]) => result(await sharedStrata(...words, "--json"));

/** XLA optimises little, and WebGPU has no driver, since `doctor` would test it for twenty seconds. */
const environment = { XLA_FLAGS: quickFlags, VK_DRIVER_FILES: "/nowhere.json" };

const startOnXla = (...words: string[]) => startWith(environment, ...words, "--device", `xla:${plugin.path}`).ended;

/** The same on XLA. */
async function onXla(...words: string[]) {
  const json = result(await startOnXla(...words, "--json"));
  if (json.device !== undefined) expect(json.device).toBe("xla");
  return json;
}

/** Every file of a checkpoint, by name. */
function checkpoint(run: string, step: number): Record<string, string> {
  const path = at(run, "checkpoints", `step-${step}`);
  return Object.fromEntries(readdirSync(path).map((file) => [file, readFileSync(join(path, file)).toString("base64")]));
}

/** Losses of the steps that were logged, in order. */
const losses = (run: string) =>
  readMetrics(at(run, "metrics.jsonl")).flatMap((line) => (line.type === "train" ? [line.lossNats] : []));

/** Largest difference of two pictures, in levels of 255. */
async function pictureDistance(one: string, other: string): Promise<number> {
  const [a, b] = await Promise.all([one, other].map((path) => sharp(at(path)).raw().toBuffer()));
  expect(a.length).toBe(b.length);
  return a.reduce((largest, level, index) => Math.max(largest, Math.abs(level - b[index])), 0);
}

describe.runIf(plugin.path)(`on XLA (${plugin.name})`, () => {
  beforeAll(async () => {
    await discs(data, ["red", "blue"], 20);
    await onXla("train", ...labelled, "--out", at("whole"));
  });

  test("a run resumed on the same device is the run that was not interrupted, byte for byte", async () => {
    cpSync(at("whole"), at("halves"), { recursive: true });
    rmSync(at("halves", "checkpoints", "step-8"), { recursive: true }); // as if it had been killed before that one
    const { step } = await onXla("train", "--resume", "--data", data, "--out", at("halves"));
    expect(step).toBe(8);
    expect(readMetrics(at("halves", "metrics.jsonl"))).toContainEqual(expect.objectContaining({ resumedFrom: 4 }));
    expect(checkpoint("halves", 8)).toEqual(checkpoint("whole", 8));
  });

  test("a run goes from the CPU to XLA and back, and learns as on either", async () => {
    await onCpu("train", ...labelled, "--out", at("cpu"));
    await onCpu("train", ...labelled, "--out", at("both"), "--steps", "3");
    await onXla("train", "--resume", "--data", data, "--out", at("both"), "--steps", "6");
    await onCpu("train", "--resume", "--data", data, "--out", at("both"));
    const starts = readMetrics(at("both", "metrics.jsonl")).flatMap((line) =>
      line.type === "run" ? [line.device] : [],
    );
    expect(starts).toEqual(["cpu", "xla", "cpu"]);
    const [both, cpu, whole] = ["both", "cpu", "whole"].map(losses);
    expect(both.length).toBeGreaterThan(0);
    for (const [index, loss] of cpu.entries()) {
      expect(both[index] / loss).toBeCloseTo(1, 4);
      expect(whole[index] / loss).toBeCloseTo(1, 4);
    }
  });

  test("a dry run says what the compiled step takes of the device's memory", async () => {
    const { deviceMemory, model } = await onXla("train", ...labelled, "--dry-run");
    expect(deviceMemory).toEqual({ devices: 1, bytes: expect.any(Number) }); // of a processor the limit is not known
    expect(deviceMemory.bytes).toBeGreaterThan(6 * model.memoryBytes.weights); // weights, average, moments, gradients twice
    expect(deviceMemory.bytes).toBeLessThan(2 ** 25); // megabytes, and no process with its code
  });

  test("guided samples and reconstructions are those of the CPU", async () => {
    const sample = ["sample", "--run", at("whole"), "--count", "4", "--guidance", "1,1"];
    await onCpu(...sample, "--out", at("cpu.png"));
    await onXla(...sample, "--out", at("xla.png"));
    expect(await pictureDistance("xla.png", "cpu.png")).toBeLessThanOrEqual(1);
    const reconstruct = ["reconstruct", "--run", at("whole"), "--data", data, "--count", "2"];
    await onCpu(...reconstruct, "--out", at("cpu-reconstructed.png"));
    await onXla(...reconstruct, "--out", at("xla-reconstructed.png"));
    expect(await pictureDistance("xla-reconstructed.png", "cpu-reconstructed.png")).toBeLessThanOrEqual(1);
  });

  test("figures are those of the CPU", async () => {
    const metrics = ["--metrics", "fid,nll,rate-distortion", "--features", "pixels", "--count", "8"];
    const evaluate = ["evaluate", "--run", at("whole"), "--data", data, ...metrics];
    const [cpu, xla] = [await onCpu(...evaluate, "--out", at("f-cpu")), await onXla(...evaluate, "--out", at("f-xla"))];
    expect(xla.quality.fid.value / cpu.quality.fid.value).toBeCloseTo(1, 2);
    expect(xla.likelihood.bitsPerDim.mean / cpu.likelihood.bitsPerDim.mean).toBeCloseTo(1, 4);
    expect(xla.rateDistortion.points.length).toBe(cpu.rateDistortion.points.length);
  });

  test("a sweep of guidance, by features of an ONNX file, which the CPU runs", async () => {
    const fn = (_: unknown, { image }: { image: np.Array }) => ({ features: image.mean([2, 3]) });
    const weights = { specs: spec([1]), data: new Float32Array(1) };
    const inputs = (batch: number) => ({ image: spec([batch, 3, 8, 8]) });
    const about = { description: "mean colours", metadata: {} };
    writeFileSync(at("colours.onnx"), portableModel({ fn, weights, inputs }, about));
    const cells = ["--mean", "0,1", "--variance", "0", "--count", "8", "--features", at("colours.onnx")];
    const sweep = ["sweep", "guidance", "--run", at("whole"), "--data", data, ...cells];
    const [cpu, xla] = [await onCpu(...sweep, "--out", at("s-cpu")), await onXla(...sweep, "--out", at("s-xla"))];
    const [got, want] = [xla, cpu].map((figures) =>
      figures.cells.flatMap(({ quality }: { quality: { value: number }[] }) => quality.map(({ value }) => value)),
    );
    expect(got.length).toBeGreaterThan(2);
    for (const [index, value] of want.entries())
      expect(Math.abs(got[index] - value)).toBeLessThanOrEqual(Math.abs(value) / 100);
  });

  test("the machine's report", async () => {
    const { code, stdout, stderr } = await startOnXla("doctor", "--devices", "2");
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(new RegExp(`^xla plugin +${plugin.path}, PJRT 0\\.\\d+$`, "m"));
    expect(stdout).toMatch(/^xla devices +2 × cpu; cpu(?! cpu$)/m);
    expect(stdout).toMatch(/^xla self-test +passed: .*, off by .* at most$/m);
  });
});
