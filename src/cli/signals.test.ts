import { spawn } from "node:child_process";
import { describe, expect, test } from "vitest";
import { until } from "../../test/support/until.js";
import { listenForInterruption, reasonToOutliveTerminal, type Start } from "./signals.js";

/** Listens with a clock that the test sets, and remembers what came of it. */
function listen() {
  const clock = { ms: 0 };
  const seen = { stops: [] as string[], left: 0 };
  const interruption = listenForInterruption((name) => seen.stops.push(name), {
    leave: () => seen.left++,
    now: () => clock.ms,
  });
  return { clock, seen, interruption };
}

test("the first request aborts, its echo is ignored, a later one leaves at once", () => {
  const listening = process.listenerCount("SIGTERM");
  const { clock, seen, interruption } = listen();
  process.emit("SIGTERM", "SIGTERM");
  expect([interruption.signal.aborted, seen]).toEqual([true, { stops: ["SIGTERM"], left: 0 }]);
  clock.ms = 20; // npm passing on the same key press
  process.emit("SIGINT", "SIGINT");
  expect(seen.left).toBe(0);
  clock.ms = 2000;
  process.emit("SIGQUIT", "SIGQUIT");
  expect(seen.left).toBe(1);
  interruption.dispose();
  expect(process.listenerCount("SIGTERM")).toBe(listening);
});

test("a third request leaves at once, however soon it comes", () => {
  const { seen, interruption } = listen();
  process.emit("SIGINT", "SIGINT");
  process.emit("SIGINT", "SIGINT");
  expect(seen.left).toBe(0);
  process.emit("SIGINT", "SIGINT");
  expect(seen.left).toBe(1);
  interruption.dispose();
});

test("a warning aborts once, repeats change nothing, and the first request after it is no second one", () => {
  const { clock, seen, interruption } = listen();
  for (const name of ["SIGXCPU", "SIGXCPU", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGALRM", "SIGPWR"] as const) {
    process.emit(name, name);
    clock.ms += 1000;
  }
  expect([interruption.signal.aborted, seen]).toEqual([true, { stops: ["SIGXCPU"], left: 0 }]);
  process.emit("SIGTERM", "SIGTERM"); // as schedulers send after it
  expect(seen).toEqual({ stops: ["SIGXCPU", "SIGTERM"], left: 0 });
  clock.ms += 1000;
  process.emit("SIGTERM", "SIGTERM");
  expect(seen.left).toBe(1);
  interruption.dispose();
});

/** Starts code that imports signals.ts, by way of another program; returns once it has said that it is ready. */
async function launch(code: string, ...wrapper: string[]) {
  const source = `import { handleSignals, listenForInterruption } from ${JSON.stringify(new URL("./signals.ts", import.meta.url).href)};
    ${code}
    console.log("ready", process.pid);`;
  const words = [...wrapper, process.execPath, "--import", "tsx", "--input-type=module", "--eval", source];
  const child = spawn(words[0], words.slice(1));
  let said = "";
  child.stdout.on("data", (text) => {
    said += text;
  });
  const ended = new Promise<{ code: number | null; signal: string | null; said: string }>((resolve) =>
    child.on("close", (code, signal) => resolve({ code, signal, said })),
  );
  await until(() => /ready \d+\n/.test(said));
  const pid = Number(/ready (\d+)/.exec(said)![1]);
  return { ended, said: () => said, send: (name: NodeJS.Signals) => process.kill(pid, name) };
}

test.each<NodeJS.Signals>(["SIGTERM", "SIGUSR1"])(
  "while no command listens, %s ends the process with 130",
  async (name) => {
    const { ended, send } = await launch("handleSignals(); setInterval(() => {}, 1000);");
    send(name);
    expect(await ended).toMatchObject({ code: 130, signal: null });
  },
);

test("a second request does not wait for a thread that is busy", async () => {
  const busy = `require("node:worker_threads").parentPort.postMessage(1); require("node:child_process").execFileSync("sleep", ["5"]);`;
  const { ended, said, send } = await launch(`import { Worker } from "node:worker_threads";
    handleSignals();
    listenForInterruption(() => console.log("stopping"));
    await new Promise((resolve) => new Worker(${JSON.stringify(busy)}, { eval: true, execArgv: [] }).once("message", resolve));`);
  send("SIGTERM");
  await until(() => said().includes("stopping"));
  await new Promise((resolve) => setTimeout(resolve, 600)); // later than an echo
  const sentMs = performance.now();
  send("SIGTERM");
  const { code, signal } = await ended;
  expect([code, signal]).toEqual([null, "SIGINT"]); // 130 to a shell
  expect(performance.now() - sentMs).toBeLessThan(2000);
});

describe.runIf(process.platform === "linux")("a terminal that goes", () => {
  const code = `handleSignals();
    const { signal } = listenForInterruption((name) => console.log("stopped by", name), {
      onIgnored: (name, reason) => console.log(name, "ignored:", reason),
    });
    const timer = setInterval(() => signal.aborted && clearInterval(timer), 5);`;

  test("stops what was started plainly", async () => {
    const { ended, send } = await launch(code, "env", "_=/usr/bin/env"); // whatever started the tests
    send("SIGHUP");
    expect((await ended).said).toContain("stopped by SIGHUP");
  });

  test.each([
    ["nohup", ["bash", "-c", 'nohup "$@"; exit', "bash"]],
    ["a shell that ignores it", ["bash", "-c", 'trap "" HUP; "$@"; exit', "bash"]],
  ])("does not stop what was started by %s, which stops when asked to", async (_, wrapper) => {
    const { ended, said, send } = await launch(code, ...wrapper);
    send("SIGHUP");
    await until(() => said().includes("SIGHUP ignored: "));
    send("SIGHUP");
    send("SIGTERM");
    await ended;
    expect(said().match(/SIGHUP ignored: /g)).toHaveLength(1);
    expect(said()).toContain("stopped by SIGTERM");
  });
});

/** A start from a shell in a terminal, with changes. */
const start = (changes: Partial<Start> = {}, files: Record<string, string> = {}): Start => ({
  environment: { _: "/usr/bin/strata", HOME: "/home/me" },
  proc: (path) => files[path],
  isOpenOn: () => false,
  ...changes,
});

test("a plain start does not outlive its terminal, also where nothing can be found out", () => {
  const shell = { [`${process.ppid}/status`]: "SigIgn:\t0000000000384004\n", "self/fdinfo/0": "flags:\t0100002\n" };
  expect(reasonToOutliveTerminal(start({}, shell))).toBeUndefined();
  expect(reasonToOutliveTerminal(start({ environment: {} }))).toBeUndefined();
  expect(reasonToOutliveTerminal(start({ environment: { _: "/home/me/nohup/strata" } }))).toBeUndefined();
});

test.each<[how: string, from: Start, reason: string]>([
  ["the command that the shell names", start({ environment: { _: "/usr/bin/nohup" } }), "started by nohup"],
  [
    "GNU nohup's standard input",
    start(
      { isOpenOn: (descriptor, path) => descriptor === 0 && path === "/dev/null" },
      { "self/fdinfo/0": "flags:\t0100001\n" },
    ),
    "standard input",
  ],
  ["nohup.out in the working folder", start({ isOpenOn: (d, path) => d === 1 && path === "nohup.out" }), "nohup.out"],
  ["nohup.out at home", start({ isOpenOn: (d, path) => d === 2 && path === "/home/me/nohup.out" }), "nohup.out"],
  ["the parent", start({}, { [`${process.ppid}/status`]: "SigIgn:\t0000000000000005\n" }), "process that started"],
])("%s tells that SIGHUP was ignored", (_, from, reason) => {
  expect(reasonToOutliveTerminal(from)).toContain(reason);
});

test("an ordinary /dev/null, open for reading, says nothing", () => {
  const isOpenOn = (descriptor: number) => descriptor === 0;
  expect(reasonToOutliveTerminal(start({ isOpenOn }, { "self/fdinfo/0": "flags:\t0100000\n" }))).toBeUndefined();
});
