/**
 * @file WebGPU against the CPU: a run by the command line, and a tiny model's loss, gradients, updates and samples. On a machine without graphics a software
 * Vulkan does; where no driver is found, and none is named in VK_DRIVER_FILES, nothing is tested.
 */
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { Runtime } from "../../src/engine/index.js";
import { readMetrics } from "../../src/training/run/metrics-log.js";
import { discs, startWith, strata, temporaryFolder, tiny } from "../support/command-line.js";
import { relativeDistance } from "../support/distance.js";
import { labelled, numbers, sampleTiny, trainTiny } from "../support/on-device.js";
import { type Changes, tinyConfig, tinySuperResolution } from "../support/tiny.js";

/** Norm of what sums in another order change, relative to that of the whole. */
const TOLERANCE = 1e-5;

type Trained = Awaited<ReturnType<typeof trainTiny>>;

const folder = temporaryFolder();
/** One level: a software driver takes long to compile for each kernel. */
const level = { resolution: 8, channels: 8, encoderBlocks: 1, stochasticLayers: 1 };
const run = join(folder, "run");
const words = ["--data", await discs(join(folder, "discs"), ["red", "blue"], 12), "--out", run, "--steps", "2"];
/** A run on WebGPU by the command line, which tests the device first: whether there is one. */
const trained = await strata(
  ...["train", ...tiny, `model.levels=${JSON.stringify([level])}`, ...words, "--device", "webgpu", "--json"],
);
const found = !trained.stderr.includes("no graphics driver for it was found");
const gpu = new Runtime({ device: found ? "webgpu" : "cpu", threads: 1 });
const cpu = new Runtime({ threads: 1 });
afterAll(() => Promise.all([gpu.dispose(), cpu.dispose()]));

test.runIf(found || process.env.VK_DRIVER_FILES)(
  "every kernel agrees with the CPU, and a run is trained by the command line",
  () => {
    expect(trained.code, trained.stderr).toBe(0);
    expect(trained.stderr).toMatch(/WebGPU: \d{3} kernels agree with the CPU, off by [\d.]+ · 10⁻\S+ at most\.$/m);
    expect(JSON.parse(trained.stdout)).toMatchObject({ device: "webgpu", step: 2, skips: 0 });
    expect(readMetrics(join(run, "metrics.jsonl"))[0]).toMatchObject({ device: "webgpu" });
  },
);

test.runIf(process.platform === "linux")("without a driver the CPU takes its place, with a message", async () => {
  const noDriver = { VK_DRIVER_FILES: "/nowhere.json", VK_ICD_FILENAMES: "/nowhere.json" };
  const { code, stderr, stdout } = await startWith(noDriver, "train", ...tiny, "--dry-run", "--device", "webgpu").ended;
  expect(code, stderr).toBe(0);
  expect(stderr).toContain(
    "WebGPU cannot be used here: no graphics driver for it was found. Computing on the CPU instead.",
  );
  expect(stdout).toContain("GFLOP/s");
});

/** Takes less to compile than three. */
const twoLevels = { levels: tinyConfig().model.levels.slice(1) };

/** Losses, gradients and spectral vectors: after one step from zero the first moment is the gradient, scaled. */
function expectClose(got: Trained, want: Trained): void {
  for (const part of [
    ({ reports }: Trained) => reports,
    ({ state }: Trained) => state.moments.firstMoment,
    ({ state }: Trained) => state.spectralVectors,
  ]) {
    expect(relativeDistance(numbers(part(got)), numbers(part(want)))).toBeLessThan(TOLERANCE);
  }
}

describe.runIf(found)("a tiny model", () => {
  test.each<[string, Changes]>([
    ["with attention and labels", { model: { ...labelled, levels: labelled.levels.slice(1) } }],
    [
      "that enlarges, with a mixture of logistics, in micro-batches",
      { model: tinySuperResolution, objective: { output: "logistic-mixture" }, training: { microBatchSize: 4 } },
    ],
    ["rematerialised", { model: twoLevels, training: { rematerialise: true } }],
  ])("%s: loss and gradients", async (_, changes) => {
    expectClose(await trainTiny(changes, gpu, 1), await trainTiny(changes, cpu, 1));
  });

  test("steps stay close, and the state stays on the device between them", async () => {
    const [got, want] = [await trainTiny({}, gpu, 8), await trainTiny({}, cpu, 8)];
    expectClose(got, want);
    expect(relativeDistance(numbers(got.state), numbers(want.state))).toBeLessThan(TOLERANCE);
    expect(got.requests).toEqual(Array(8 * 3).fill("run")); // gradients, their norm, and update
    expect(got.copies).toBe(0);
  });

  test("samples, their weights constants of the program", async () => {
    const [got, want] = [await sampleTiny(gpu), await sampleTiny(cpu)];
    const worst = Math.max(...got.map((value, index) => Math.abs(value - want[index])));
    expect(worst).toBeLessThanOrEqual(1); // of 255: a value between two may fall to either
  });
});
