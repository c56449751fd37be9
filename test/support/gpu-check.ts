/** @file `scripts/gpu-check`, quick, on a plugin for processors. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { quickFlags } from "./pjrt.js";

/** What the check leaves: its page, and what it found. */
export interface Checked {
  page: string;
  findings: { what: string; found: string }[];
}

/**
 * Calls the check.
 *
 * @param plugin - path of XLA's plugin
 * @param out - folder for what it leaves
 */
export function gpuCheck(plugin: string, out: string, ...words: string[]): Checked {
  const program = ["--import", "tsx", "scripts/gpu-check/main.ts", "--quick", "--device", `xla:${plugin}`];
  const page = execFileSync(process.execPath, [...program, "--out", out, ...words], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    env: { ...process.env, STRATA_BENCH_PYTHON: "/nowhere", XLA_FLAGS: quickFlags },
  });
  if (readFileSync(join(out, "check.md"), "utf8") !== page)
    throw new Error("check.md is not the page that was printed");
  const { done } = JSON.parse(readFileSync(join(out, "check.json"), "utf8"));
  return { page, findings: done.flatMap(({ findings }: Checked) => findings) };
}
