/**
 * @file XLA's plugin for processors against ONNX Runtime: a tiny model's loss, gradients, updates and samples, on one device and
 * on several. Skipped where there is no plugin.
 */
import { afterAll, describe, expect, test } from "vitest";
import { Runtime } from "../../src/engine/index.js";
import { relativeDistance } from "../support/distance.js";
import { labelled, numbers, sampleTiny, trainTiny } from "../support/on-device.js";
import { xlaPlugins } from "../support/pjrt.js";
import { type Changes, tinySuperResolution } from "../support/tiny.js";

/** Norm of what sums in another order change, relative to that of the whole. */
const TOLERANCE = 1e-5;

const [plugin] = xlaPlugins(process.env);
const runtimes = new Map<number, Runtime>();
const cpu = new Runtime({ threads: 1 });

/** Optimised little, since to compile takes longer than to run. */
function xla(devices = 1): Runtime {
  const known = runtimes.get(devices);
  const settings = { plugin: plugin.path!, devices, overrides: { xla_backend_optimization_level: 0 } };
  const runtime = known ?? new Runtime({ device: "xla", xla: settings });
  runtimes.set(devices, runtime);
  return runtime;
}

afterAll(() => Promise.all([cpu, ...runtimes.values()].map((runtime) => runtime.dispose())));

describe.runIf(plugin.path)(`a tiny model on XLA (${plugin.name})`, () => {
  test.each<[string, Changes, number]>([
    ["as it is", {}, 1],
    ["with attention and labels, on two devices", { model: labelled }, 2],
    ["that enlarges, in micro-batches", { model: tinySuperResolution, training: { microBatchSize: 4 } }, 1],
    [
      "with a mixture of logistics, in micro-batches on four devices",
      { objective: { output: "logistic-mixture" }, training: { microBatchSize: 4 } },
      4,
    ],
    ["rematerialised", { training: { rematerialise: true } }, 1],
    ["with moments in bfloat16", { optimizer: { stateType: "bfloat16" } }, 1],
  ])("%s: loss and gradients", async (_, changes, devices) => {
    const [got, want] = [await trainTiny(changes, xla(devices), 1), await trainTiny(changes, cpu, 1)];
    expect(relativeDistance(numbers(got.reports), numbers(want.reports))).toBeLessThan(TOLERANCE);
    // After one step from zero the first moment is the gradient, scaled.
    const [moments, wanted] = [got, want].map(({ state }) => numbers(state.moments.firstMoment));
    expect(relativeDistance(moments, wanted)).toBeLessThan(TOLERANCE);
    const [vectors, known] = [got, want].map(({ state }) => numbers(state.spectralVectors));
    expect(relativeDistance(vectors, known)).toBeLessThan(TOLERANCE);
  });

  test.each([1, 2, 4])("steps on %i devices stay close, and the state stays there between them", async (devices) => {
    const [got, want] = [await trainTiny({}, xla(devices), 8), await trainTiny({}, cpu, 8)];
    expect(relativeDistance(numbers(got.reports), numbers(want.reports))).toBeLessThan(TOLERANCE);
    expect(relativeDistance(numbers(got.state), numbers(want.state))).toBeLessThan(TOLERANCE);
    expect(got.requests).toEqual(Array(8 * 2).fill("run")); // gradients and update
    expect(got.copies).toBe(0);
  });

  test("samples", async () => {
    const [got, want] = [await sampleTiny(xla()), await sampleTiny(cpu)];
    const worst = Math.max(...got.map((value, index) => Math.abs(value - want[index])));
    expect(worst).toBeLessThanOrEqual(1); // of 255: a value between two may fall to either
  });
});
