/** @file Processes that end what they have started whenever, by the program in `test/endings`. */
import { spawn } from "node:child_process";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundle } from "../../scripts/bundle.js";
import { repository } from "./packed.js";

/** How a process ended, and all that it wrote. */
export interface ProcessEnd {
  code: number | null;
  signal: string | null;
  output: string;
}

/** Runs Node to its end. */
export function node(...words: string[]): Promise<ProcessEnd> {
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

/**
 * Bundles the program, as the package is bundled.
 *
 * @param folder - empty
 * @returns what runs it
 */
export async function endingsProgram(folder: string): Promise<(...words: string[]) => Promise<ProcessEnd>> {
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"));
  await bundle(folder, { endings: "test/endings/program.mjs" });
  return (...words) => node("--expose-gc", join(folder, "endings.js"), ...words);
}

/** Ways for a process to end while threads load, compute and wait, and the exit codes that these have. */
export const exits = { atOnce: 7, byAnError: 1, inTheExitHandler: 7, whileDisposing: 7, byItself: 7 };
