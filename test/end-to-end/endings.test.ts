/** @file Whatever is disposed, aborted, dropped or left behind, whenever: no call hangs, nothing keeps the process alive, nothing ends it. */
import { spawn } from "node:child_process";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { bundle } from "../../scripts/bundle.js";
import { temporaryFolder } from "../support/command-line.js";
import { repository } from "../support/packed.js";

const folder = temporaryFolder();
const program = join(folder, "endings.js");

beforeAll(async () => {
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"));
  await bundle(folder, { endings: "test/endings/program.mjs" });
});

const run = (...words: string[]) => node("--expose-gc", program, ...words);

function node(...words: string[]): Promise<{ code: number | null; signal: string | null; output: string }> {
  const child = spawn(process.execPath, words, { cwd: repository });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.on("error", reject).on("close", (code, signal) => resolve({ code, signal, output }));
  });
}

test("300 endings at random moments in one process", async () => {
  expect(await run("many", "300", "1")).toEqual({ code: 0, signal: null, output: "300 endings\n" });
});

/** Ways for a process to end while threads load, compute and wait, and the exit codes that these have. */
const exits = { atOnce: 7, byAnError: 1, inTheExitHandler: 7, whileDisposing: 7, byItself: 7 };

test.each(Object.entries(exits))("10 processes that end %s", async (way, code) => {
  for (let seed = 0; seed < 10; seed += 2) {
    const ends = await Promise.all([run("exit", way, String(seed)), run("exit", way, String(seed + 1))]);
    for (const end of ends) {
      expect(end, `seeds ${seed} and ${seed + 1}`).toMatchObject({ code, signal: null });
      if (way !== "byAnError") expect(end.output).toBe("");
    }
  }
});

test.runIf(process.platform === "linux")("a process does not end while a thread gives back native memory", async () => {
  const end = (wait: number) => node("--import", "tsx", "test/endings/slow-ending.ts", String(wait));
  expect(await end(100)).toEqual({ code: 7, signal: null, output: "given back\n" });
  expect(await end(0)).toMatchObject({ code: 7, signal: null }); // whether it has begun to or not
});
