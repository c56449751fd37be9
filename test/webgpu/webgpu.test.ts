/**
 * @file WebGPU against the CPU: a tiny model's loss, gradients, updates and samples. On a machine without graphics a software
 * Vulkan does; where no driver is found, and none is named in VK_DRIVER_FILES, nothing is tested.
 */
import { afterAll, describe, expect, test } from "vitest";
import { Runtime } from "../../src/engine/index.js";
import { strata } from "../support/command-line.js";
import { relativeDistance } from "../support/distance.js";
import { labelled, numbers, sampleTiny, trainTiny } from "../support/on-device.js";
import { type Changes, tinyConfig, tinySuperResolution } from "../support/tiny.js";

/** Norm of what sums in another order change, relative to that of the whole. */
const TOLERANCE = 1e-5;

type Trained = Awaited<ReturnType<typeof trainTiny>>;

const doctor = await strata("doctor", "--json");
const [, tested] = JSON.parse(doctor.stdout).devices;
const found: boolean = tested.passed;
const gpu = new Runtime({ device: found ? "webgpu" : "cpu", threads: 1 });
const cpu = new Runtime({ threads: 1 });
afterAll(() => Promise.all([gpu.dispose(), cpu.dispose()]));

test.runIf(found || process.env.VK_DRIVER_FILES)("doctor finds that every kernel agrees with the CPU", () => {
  expect(doctor.code, doctor.stderr).toBe(0);
  expect(tested).toMatchObject({ name: "webgpu", passed: true, gigaflops: expect.any(Number) });
  expect(tested.kernels).toBeGreaterThan(100);
  expect(tested.deviation).toBeLessThan(1e-4);
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
