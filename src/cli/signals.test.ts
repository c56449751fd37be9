import { spawn } from "node:child_process";
import { expect, test } from "vitest";
import { listenForInterruption } from "./signals.js";

test("the first signal aborts, its echo is ignored, a later one leaves at once", () => {
  const clock = { ms: 0 };
  let left = 0;
  const names: string[] = [];
  const listening = process.listenerCount("SIGTERM");
  const interruption = listenForInterruption((name) => names.push(name), {
    leave: () => left++,
    now: () => clock.ms,
  });
  process.emit("SIGTERM", "SIGTERM");
  expect([interruption.signal.aborted, names, left]).toEqual([true, ["SIGTERM"], 0]);
  clock.ms = 20; // npm passing on the same key press
  process.emit("SIGINT", "SIGINT");
  expect(left).toBe(0);
  clock.ms = 2000;
  process.emit("SIGINT", "SIGINT");
  expect(left).toBe(1);
  interruption.dispose();
  expect(process.listenerCount("SIGTERM")).toBe(listening);
});

/** Runs code that imports signals.ts, sends the signals once it has printed something, and says how and when it ended. */
async function ending(code: string, ...signals: [name: NodeJS.Signals, afterMs: number][]) {
  const source = `import { exitUnlessListening, listenForInterruption } from ${JSON.stringify(new URL("./signals.ts", import.meta.url).href)};\n${code}`;
  const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", source]);
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) =>
    child.on("exit", (code, signal) => resolve({ code, signal })),
  );
  await new Promise((resolve) => child.stdout.once("data", resolve));
  for (const [name, afterMs] of signals) {
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    child.kill(name);
  }
  const sentMs = performance.now();
  return { ...(await ended), tookMs: performance.now() - sentMs };
}

test("a third signal leaves at once, however soon it comes", () => {
  let left = 0;
  const interruption = listenForInterruption(() => {}, { leave: () => left++, now: () => 0 });
  process.emit("SIGINT", "SIGINT");
  process.emit("SIGINT", "SIGINT");
  expect(left).toBe(0);
  process.emit("SIGINT", "SIGINT");
  expect(left).toBe(1);
  interruption.dispose();
});

test("while no command listens, a signal ends the process with 130", async () => {
  const code = "exitUnlessListening(); setInterval(() => {}, 1000); console.log(1);";
  expect(await ending(code, ["SIGTERM", 0])).toMatchObject({ code: 130, signal: null });
});

test("a second signal does not wait for a thread that is busy", async () => {
  const busy = `const { execFileSync } = require("node:child_process"); execFileSync("sleep", ["5"]);`;
  const code = `import { Worker } from "node:worker_threads";
    exitUnlessListening();
    listenForInterruption(() => {});
    new Worker(${JSON.stringify(busy)}, { eval: true, execArgv: [] });
    setTimeout(() => console.log(1), 300);`;
  const { code: exitCode, signal, tookMs } = await ending(code, ["SIGTERM", 0], ["SIGTERM", 600]);
  expect([exitCode, signal]).toEqual([null, "SIGINT"]); // 130 to a shell
  expect(tookMs).toBeLessThan(1000);
});
