import { expect, test } from "vitest";
import { reasonToOutliveTerminal, type Start } from "./hang-up.js";

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
