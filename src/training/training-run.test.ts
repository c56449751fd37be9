import { expect, test, vi } from "vitest";
import type { TrainingEvent } from "./events.js";
import type { TrainResult } from "./loop.js";
import { trainingRun } from "./training-run.js";

const result = { step: 3 } as TrainResult;
const notice = (number: number): TrainingEvent => ({ type: "notice", message: `${number}` });

/** A run of three events; `log` says what happened in which order. */
function run(log: string[] = [], failure?: Error, signal?: AbortSignal) {
  return trainingRun(
    async (onEvent, stop) => {
      for (let step = 1; step <= 3; step++) {
        await Promise.resolve();
        if (stop.aborted) return { ...result, step: step - 1, interrupted: true };
        log.push(`step ${step}`);
        await onEvent(notice(step));
      }
      if (failure) throw failure;
      return result;
    },
    { onEvent: (event) => void log.push(`heard ${(event as { message: string }).message}`), signal },
  );
}

test("it is a promise of the result, with a callback", async () => {
  const log: string[] = [];
  expect(await run(log)).toBe(result);
  expect(log).toEqual(["step 1", "heard 1", "step 2", "heard 2", "step 3", "heard 3"]);
});

test("training waits until each event has been worked through", async () => {
  const log: string[] = [];
  const training = run(log);
  for await (const event of training) {
    await new Promise(setImmediate);
    log.push(`took ${(event as { message: string }).message}`);
  }
  expect(log).toEqual([1, 2, 3].flatMap((n) => [`step ${n}`, `heard ${n}`, `took ${n}`]));
  expect(await training).toBe(result);
});

test("leaving the loop stops training, and waits for its end", async () => {
  const training = run();
  for await (const event of training) if (event.type === "notice" && event.message === "2") break;
  expect(await training).toMatchObject({ step: 2, interrupted: true });
});

test("a failure ends the loop with it; without a loop it is the promise's", async () => {
  const failure = new Error("no more disk");
  const loop = async () => {
    for await (const _ of run([], failure));
  };
  await expect(loop()).rejects.toBe(failure);
  await expect(run([], failure)).rejects.toBe(failure);
});

test("the caller's signal stops it too", async () => {
  const controller = new AbortController();
  const training = run([], undefined, controller.signal);
  for await (const _ of training) controller.abort();
  expect(await training).toMatchObject({ interrupted: true });
});

test("events are iterated once", async () => {
  const training = run();
  training[Symbol.asyncIterator]();
  expect(() => training[Symbol.asyncIterator]()).toThrow("being iterated already");
});

test("a failure that nobody looks at is not swallowed", async () => {
  const seen = vi.fn();
  process.once("unhandledRejection", seen);
  void run([], new Error("lost"));
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(seen).toHaveBeenCalledOnce();
});
