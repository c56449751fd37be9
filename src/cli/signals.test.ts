import { expect, test } from "vitest";
import { listenForInterruption } from "./signals.js";

test("the first signal aborts, its echo is ignored, a later one exits with 130", () => {
  const clock = { ms: 0 };
  const exits: number[] = [];
  const names: string[] = [];
  const listening = process.listenerCount("SIGTERM");
  const interruption = listenForInterruption((name) => names.push(name), {
    exit: (code) => exits.push(code),
    now: () => clock.ms,
  });
  process.emit("SIGTERM", "SIGTERM");
  expect([interruption.signal.aborted, names, exits]).toEqual([true, ["SIGTERM"], []]);
  clock.ms = 20; // npm passing on the same key press
  process.emit("SIGINT", "SIGINT");
  expect(exits).toEqual([]);
  clock.ms = 2000;
  process.emit("SIGINT", "SIGINT");
  expect(exits).toEqual([130]);
  interruption.dispose();
  expect(process.listenerCount("SIGTERM")).toBe(listening);
});
