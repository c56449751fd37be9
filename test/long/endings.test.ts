/** @file 300 endings in one process and 50 in processes of their own; other moments with `STRATA_ENDINGS_SEED`. */
import { beforeAll, expect, test } from "vitest";
import { temporaryFolder } from "../support/command-line.js";
import { endingsProgram, exits, type ProcessEnd } from "../support/endings.js";

const folder = temporaryFolder();
const first = Number(process.env.STRATA_ENDINGS_SEED ?? 1);
let run: (...words: string[]) => Promise<ProcessEnd>;

beforeAll(async () => {
  run = await endingsProgram(folder);
});

test("300 endings at random moments in one process", async () => {
  expect(await run("many", "300", String(first))).toEqual({ code: 0, signal: null, output: "300 endings\n" });
});

test.each(Object.entries(exits))("10 processes that end %s", async (way, code) => {
  for (let seed = first; seed < first + 10; seed += 2) {
    const ends = await Promise.all([run("exit", way, String(seed)), run("exit", way, String(seed + 1))]);
    for (const end of ends) {
      expect(end, `seeds ${seed} and ${seed + 1}`).toMatchObject({ code, signal: null });
      if (way !== "byAnError") expect(end.output).toBe("");
    }
  }
});
