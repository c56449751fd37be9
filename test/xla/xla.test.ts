/**
 * @file XLA's plugin for processors against ONNX Runtime: a tiny model's loss, gradients, updates and samples, on one device and
 * on several. Skipped where there is no plugin.
 */
import { afterAll, describe, expect, test } from "vitest";
import { Runtime } from "../../src/engine/index.js";
import { fromBytes } from "../../src/inference/pictures.js";
import { stepInputs } from "../../src/training/inputs/step-inputs.js";
import { FRESH } from "../../src/training/run/counters.js";
import { initialState } from "../../src/training/run/starting-point.js";
import { type MicroBatch, Trainer } from "../../src/training/trainer.js";
import { relativeDistance } from "../support/distance.js";
import { labelled, numbers, sampleTiny, trainTiny } from "../support/on-device.js";
import { QUICK_TO_COMPILE, xlaPlugins } from "../support/pjrt.js";
import { openXlaRuntime } from "../support/test-runtime.js";
import { type Changes, discs, tinyConfig, tinySuperResolution } from "../support/tiny.js";

/** Takes less to compile than three. */
const twoLevels = { levels: tinyConfig().model.levels.slice(1) };
const labelledTwoLevels = { ...labelled, levels: labelled.levels.slice(1) };

/** Norm of what sums in another order change, relative to that of the whole. */
const TOLERANCE = 1e-5;

const [plugin] = xlaPlugins(process.env);
const runtimes = new Map<number, Runtime>();
const cpu = new Runtime({ threads: 1 });

function xla(devices = 1): Runtime {
  const known = runtimes.get(devices);
  const runtime = known ?? openXlaRuntime(devices);
  runtimes.set(devices, runtime);
  return runtime;
}

/** Without the digits that XLA may keep beyond a type's: what is rounded anywhere is rounded here. */
const narrowXla = (): Runtime =>
  new Runtime({
    device: "xla",
    xla: {
      plugin: plugin.path!,
      precision: "bfloat16",
      overrides: { ...QUICK_TO_COMPILE, xla_allow_excess_precision: false },
    },
  });

afterAll(() => Promise.all([cpu, ...runtimes.values()].map((runtime) => runtime.dispose())));

function freshTrainer(): Promise<Trainer> {
  const config = tinyConfig();
  return Trainer.create(config, xla(), FRESH, initialState(config));
}

/** The inputs of a step, the first image not a number where they are poisoned. */
function batchOf({ config, runtime }: Trainer, step: number, poisoned = false): MicroBatch[] {
  const { images, labels } = discs(8);
  const inputs = stepInputs(config, step, { images: fromBytes(images), labels }, runtime.traits);
  if (poisoned) inputs[0].batch.images.fill(Number.NaN, 0, 100);
  return inputs;
}

type Trained = Awaited<ReturnType<typeof trainTiny>>;

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

const stateOf = (trainer: Trainer) => trainer.read("parameters", "ema", "moments", "spectralVectors");

describe.runIf(plugin.path)(`a tiny model on XLA (${plugin.name})`, () => {
  test.each<[string, Changes, number]>([
    [
      "that enlarges, with a mixture of logistics, in micro-batches on four devices",
      { model: tinySuperResolution, objective: { output: "logistic-mixture" }, training: { microBatchSize: 4 } },
      4,
    ],
    [
      "rematerialised, with moments in bfloat16",
      { model: twoLevels, training: { rematerialise: true }, optimizer: { stateType: "bfloat16" } },
      1,
    ],
  ])("%s: loss and gradients", async (_, changes, devices) => {
    expectClose(await trainTiny(changes, xla(devices), 1), await trainTiny(changes, cpu, 1));
  });

  test.each<[string, Changes, number]>([
    ["on one device", {}, 1],
    ["of a model with attention and labels, on two devices", { model: labelledTwoLevels }, 2],
  ])("steps %s stay close, and the state stays there between them", async (_, changes, devices) => {
    const [got, want] = [await trainTiny(changes, xla(devices), 8), await trainTiny(changes, cpu, 8)];
    expectClose(got, want);
    expect(relativeDistance(numbers(got.state), numbers(want.state))).toBeLessThan(TOLERANCE);
    const step = ["run", "run", ...Array(8).fill("read")]; // gradients, update, and the numbers of the report
    expect(got.requests).toEqual(Array(8).fill(step).flat());
    expect(got.copies).toBe(0);
  });

  test.each<[string, Changes, number]>([
    ["20 steps", { model: twoLevels }, 20],
    [
      "an enlarging model with attention, labels and a mixture of logistics, rematerialised",
      {
        model: { ...tinySuperResolution, ...labelledTwoLevels },
        objective: { output: "logistic-mixture" },
        training: { rematerialise: true },
      },
      1,
    ],
  ])("with activations in bfloat16 losses and gradients stay close: %s", async (_, changes, steps) => {
    await using narrow = narrowXla();
    const [got, want] = [await trainTiny(changes, narrow, steps), await trainTiny(changes, cpu, steps)];
    got.reports.forEach(({ lossNats }, step) => {
      expect(Math.abs(lossNats / want.reports[step].lossNats - 1)).toBeLessThan(0.01);
    });
    const parts =
      steps > 1
        ? [got, want].map(({ state }) => state.parameters)
        : [got, want].map(({ state }) => state.moments.firstMoment);
    // For a single step from zero these are the gradients: a distance of 0.02 is a cosine of 0.9998.
    expect(relativeDistance(numbers(parts[0]), numbers(parts[1]))).toBeLessThan(0.02);
  });

  test("a step begins before the report of the one before it, and leaves the same bytes", async () => {
    const [ahead, inTurn] = [await freshTrainer(), await freshTrainer()];
    expect([ahead.ahead, inTurn.ahead]).toEqual([1, 1]);
    const batches = [0, 1, 2].map((step) => batchOf(ahead, step));
    const reports = [];
    let before = await ahead.begin(batches[0]);
    for (const batch of batches.slice(1)) {
      const next = await ahead.begin(batch);
      expect(ahead.begun).toBe(ahead.counters.step + 2);
      reports.push(await before.report());
      before = next;
    }
    reports.push(await before.report());
    for (const [step, batch] of batches.entries()) expect(await inTurn.step(batch)).toEqual(reports[step]);
    expect(ahead.counters).toEqual(inTurn.counters);
    expect(await stateOf(ahead)).toEqual(await stateOf(inTurn));
    await Promise.all([ahead.dispose(), inTurn.dispose()]);
  });

  test("the device skips an update that would spoil the weights, also when the next step has begun", async () => {
    const [spoilt, clean] = [await freshTrainer(), await freshTrainer()];
    await clean.step(batchOf(clean, 0));
    await clean.step(batchOf(clean, 2));
    const poisoned = await spoilt.begin(batchOf(spoilt, 1, true));
    const next = await spoilt.begin(batchOf(spoilt, 0));
    expect(await poisoned.report()).toMatchObject({ skipped: "non-finite loss" });
    expect(await next.report()).toMatchObject({ skipped: undefined });
    await spoilt.step(batchOf(spoilt, 2));
    expect(spoilt.counters).toMatchObject({ step: 3, updates: 2, skips: 1, consecutiveSkips: 0 });
    expect(await stateOf(spoilt)).toEqual(await stateOf(clean));
    await Promise.all([spoilt.dispose(), clean.dispose()]);
  });

  test.each([1, 2])("samples, on %i devices", async (devices) => {
    const [got, want] = [await sampleTiny(xla(devices)), await sampleTiny(cpu)];
    const worst = Math.max(...got.map((value, index) => Math.abs(value - want[index])));
    expect(worst).toBeLessThanOrEqual(1); // of 255: a value between two may fall to either
  });
});
