/**
 * @file Whatever is disposed, aborted, dropped or left behind, whenever: no call hangs, nothing keeps the process alive, nothing ends
 * it. `test/long` ends more, more often.
 */
import { beforeAll, expect, test } from "vitest";
import { temporaryFolder } from "../support/command-line.js";
import { endingsProgram, exits, node, type ProcessEnd } from "../support/endings.js";

const folder = temporaryFolder();
let run: (...words: string[]) => Promise<ProcessEnd>;

beforeAll(async () => {
  run = await endingsProgram(folder);
});

test("60 endings at random moments in one process", async () => {
  expect(await run("many", "60", "1")).toEqual({ code: 0, signal: null, output: "60 endings\n" });
});

test.each(Object.entries(exits))("2 processes that end %s", async (way, code) => {
  for (const end of await Promise.all([run("exit", way, "0"), run("exit", way, "1")])) {
    expect(end).toMatchObject({ code, signal: null });
    if (way !== "byAnError") expect(end.output).toBe("");
  }
});

test.runIf(process.platform === "linux")("a process does not end while a thread gives back native memory", async () => {
  const end = (wait: number) => node("--import", "tsx", "test/endings/slow-ending.ts", String(wait));
  expect(await end(100)).toEqual({ code: 7, signal: null, output: "given back\n" });
  expect(await end(0)).toMatchObject({ code: 7, signal: null }); // whether it has begun to or not
});
