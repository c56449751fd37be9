import { expect, test } from "vitest";
import { afterPatience, pause, thenCleanUp, unlessAborted } from "./stopping.js";

const after = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test("work given up because of the signal has no result; other failures remain, signal or not", async () => {
  const controller = new AbortController();
  expect(await unlessAborted(Promise.resolve(1), controller.signal)).toBe(1);
  controller.abort();
  expect(await unlessAborted(Promise.reject(controller.signal.reason), controller.signal)).toBeUndefined();
  await expect(unlessAborted(Promise.reject(new Error("a full disk")), controller.signal)).rejects.toThrow(
    "a full disk",
  );
});

test("a pause lets a signal in that arrived meanwhile", async () => {
  const controller = new AbortController();
  await pause(controller.signal);
  setImmediate(() => controller.abort(new Error("stop")));
  await expect(pause(controller.signal)).rejects.toThrow("stop");
});

test("patience ends some time after the signal, not without one, and not when the work has ended", async () => {
  const told: string[] = [];
  const [first, second, third] = [new AbortController(), new AbortController(), new AbortController()];
  const [never, soon, before] = [new AbortController(), new AbortController(), new AbortController()];
  afterPatience(first.signal, never.signal, () => told.push("first"), 20);
  afterPatience(second.signal, soon.signal, () => told.push("second"), 20);
  afterPatience(third.signal, before.signal, () => told.push("third"), 0);
  afterPatience(undefined, never.signal, () => told.push("none"), 0);
  before.abort();
  for (const controller of [first, second, third]) controller.abort();
  soon.abort();
  expect(told).toEqual([]);
  await after(60);
  expect(told).toEqual(["first"]);
});

const failing = (message: string) => () => Promise.reject(new Error(message));

test("cleans up once after work that succeeds and after work that fails", async () => {
  let cleaned = 0;
  const cleanUp = async () => void cleaned++;
  expect(await thenCleanUp(async () => 7, cleanUp)).toBe(7);
  await expect(thenCleanUp(failing("work"), cleanUp)).rejects.toThrow("work");
  expect(cleaned).toBe(2);
});

test("the first of two failures is told, and one of cleaning up alone", async () => {
  await expect(thenCleanUp(failing("work"), failing("cleaning up"))).rejects.toThrow("work");
  await expect(thenCleanUp(async () => 7, failing("cleaning up"))).rejects.toThrow("cleaning up");
});
