/**
 * @file WebGPU against the CPU: a tiny model's loss, gradients, updates and samples. On a machine without graphics a software
 * Vulkan does; where no driver is found, and none is named in VK_DRIVER_FILES, nothing is tested.
 */
import { afterAll, describe, expect, test } from "vitest";
import { openRuntime, Runtime } from "../../src/engine/index.js";
import { relativeDistance } from "../support/distance.js";
import { labelled, numbers, sampleTiny, trainTiny } from "../support/on-device.js";
import { type Changes, tinySuperResolution } from "../support/tiny.js";

/** Norm of what sums in another order change, relative to that of the whole. */
const TOLERANCE = 1e-5;

const notices: string[] = [];
const gpu = await openRuntime({ device: "webgpu", threads: 1, onNotice: (message) => notices.push(message) });
const cpu = new Runtime({ threads: 1 });
afterAll(() => Promise.all([gpu.dispose(), cpu.dispose()]));

const found = gpu.device === "webgpu";

test.runIf(found || process.env.VK_DRIVER_FILES)("every kernel agrees with the CPU", () => {
  expect(notices).toEqual([
    expect.stringMatching(/^WebGPU: \d{3} kernels agree with the CPU, off by [\d.]+ · 10⁻\S+ at most\.$/),
  ]);
});

describe.runIf(found)("a tiny model", () => {
  test.each<[string, Changes]>([
    ["as it is", {}],
    ["with attention and labels", { model: labelled }],
    [
      "that enlarges, with a mixture of logistics, in micro-batches",
      { model: tinySuperResolution, objective: { output: "logistic-mixture" }, training: { microBatchSize: 4 } },
    ],
    ["rematerialised", { training: { rematerialise: true } }],
  ])("%s: loss and gradients", async (_, changes) => {
    const [got, want] = [await trainTiny(changes, gpu, 1), await trainTiny(changes, cpu, 1)];
    expect(relativeDistance(numbers(got.reports), numbers(want.reports))).toBeLessThan(TOLERANCE);
    // After one step from zero the first moment is the gradient, scaled.
    const [moments, wanted] = [got, want].map(({ state }) => numbers(state.moments.firstMoment));
    expect(relativeDistance(moments, wanted)).toBeLessThan(TOLERANCE);
    const [vectors, known] = [got, want].map(({ state }) => numbers(state.spectralVectors));
    expect(relativeDistance(vectors, known)).toBeLessThan(TOLERANCE);
  });

  test("steps stay close, and the state stays on the device between them", async () => {
    const [got, want] = [await trainTiny({}, gpu, 8), await trainTiny({}, cpu, 8)];
    expect(relativeDistance(numbers(got.reports), numbers(want.reports))).toBeLessThan(TOLERANCE);
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
