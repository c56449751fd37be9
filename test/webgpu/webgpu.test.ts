/**
 * @file WebGPU against the CPU: a tiny model's loss, gradients, updates and samples. On a machine without graphics a software
 * Vulkan does; where no driver is found, and none is named in VK_DRIVER_FILES, nothing is tested.
 */
import { afterAll, describe, expect, test, vi } from "vitest";
import { openRuntime, Runtime } from "../../src/engine/index.js";
import { fromBytes } from "../../src/inference/pictures.js";
import { Sampler } from "../../src/inference/sampling/sampler.js";
import { stepInputs } from "../../src/training/inputs/step-inputs.js";
import { FRESH } from "../../src/training/run/counters.js";
import { initialState } from "../../src/training/run/starting-point.js";
import { Trainer } from "../../src/training/trainer.js";
import { relativeDistance } from "../support/distance.js";
import { type Changes, discs, tinyConfig, tinySuperResolution } from "../support/tiny.js";

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

const labelled = { levels: tinyConfig().model.levels.map((level) => ({ ...level, attention: 1 })), classes: 4 };

/** Steps of a fresh tiny model, what they leave, and what they asked of the runtime. */
async function train(changes: Changes, runtime: Runtime, steps: number) {
  const config = tinyConfig(changes);
  const trainer = await Trainer.create(config, runtime, FRESH, initialState(config));
  const { images, labels } = discs(8, { labels: config.model.classes > 0 });
  const sent = vi.spyOn(runtime, "request");
  const copied = [vi.spyOn(runtime, "put"), vi.spyOn(runtime, "transfer")];
  const reports = [];
  for (let step = 0; step < steps; step++) {
    reports.push(await trainer.step(stepInputs(config, step, { images: fromBytes(images), labels })));
  }
  const requests = sent.mock.calls.map(([{ kind }]) => kind);
  const copies = copied.flatMap(({ mock }) => mock.calls).length;
  vi.restoreAllMocks();
  const state = await trainer.read("parameters", "ema", "moments", "spectralVectors");
  await trainer.dispose();
  return { reports, state, requests, copies };
}

/** All numbers of a tree, in one order. */
const numbers = (tree: unknown): number[] => {
  if (tree === undefined) return []; // no reason to skip
  if (typeof tree === "number") return [tree];
  if (tree instanceof Float32Array) return [...tree];
  return Object.values(tree as object).flatMap(numbers);
};

describe.runIf(found)("a tiny model", () => {
  test.each<[string, Changes]>([
    ["as it is", {}],
    ["with attention and labels", { model: labelled }],
    ["that enlarges, in micro-batches", { model: tinySuperResolution, training: { microBatchSize: 4 } }],
    ["with a mixture of logistics", { objective: { output: "logistic-mixture" } }],
    ["rematerialised", { training: { rematerialise: true } }],
  ])("%s: loss and gradients", async (_, changes) => {
    const [got, want] = [await train(changes, gpu, 1), await train(changes, cpu, 1)];
    expect(relativeDistance(numbers(got.reports), numbers(want.reports))).toBeLessThan(TOLERANCE);
    // After one step from zero the first moment is the gradient, scaled.
    const [moments, wanted] = [got, want].map(({ state }) => numbers(state.moments.firstMoment));
    expect(relativeDistance(moments, wanted)).toBeLessThan(TOLERANCE);
    const [vectors, known] = [got, want].map(({ state }) => numbers(state.spectralVectors));
    expect(relativeDistance(vectors, known)).toBeLessThan(TOLERANCE);
  });

  test("steps stay close, and the state stays on the device between them", async () => {
    const [got, want] = [await train({}, gpu, 8), await train({}, cpu, 8)];
    expect(relativeDistance(numbers(got.reports), numbers(want.reports))).toBeLessThan(TOLERANCE);
    expect(relativeDistance(numbers(got.state), numbers(want.state))).toBeLessThan(TOLERANCE);
    expect(got.requests).toEqual(Array(8 * 2).fill("run")); // gradients and update
    expect(got.copies).toBe(0);
  });

  test("samples, their weights constants of the program", async () => {
    const config = tinyConfig({ model: labelled });
    const model = { config, parameters: initialState(config).parameters, step: 0, data: undefined };
    const sample = async (runtime: Runtime) => {
      const sampler = new Sampler(model as never, { batch: 2, runtime });
      const { images } = await sampler.sample({ count: 3, labels: Int32Array.of(0, 1, 3), seed: 5 });
      await sampler.dispose();
      return images;
    };
    const [got, want] = [await sample(gpu), await sample(cpu)];
    const worst = Math.max(...got.map((value, index) => Math.abs(value - want[index])));
    expect(worst).toBeLessThanOrEqual(1); // of 255: a value between two may fall to either
  });
});
