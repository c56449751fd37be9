/** @file The check for machines with a GPU, tried on XLA's plugin for processors with a tiny model. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../support/command-line.js";
import { xlaPlugins } from "../support/pjrt.js";

const [plugin] = xlaPlugins(process.env);
const out = temporaryFolder();

/** Calls the check. */
function check(...words: string[]): { page: string; findings: { what: string; found: string }[] } {
  const program = ["--import", "tsx", "scripts/gpu-check/main.ts", "--quick", "--device", `xla:${plugin.path}`];
  const page = execFileSync(process.execPath, [...program, "--out", out, ...words], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    env: { ...process.env, STRATA_BENCH_PYTHON: "/nowhere" },
  });
  expect(readFileSync(join(out, "check.md"), "utf8")).toBe(page);
  const { done } = JSON.parse(readFileSync(join(out, "check.json"), "utf8"));
  return { page, findings: done.flatMap(({ findings }: { findings: unknown[] }) => findings) };
}

/** XLA compiles a gradient, a step and a sampler in processes of their own, each from the start. */
const LONG = 900_000;

test.runIf(plugin.path)(`the check finds that the plugin computes rightly (${plugin.name})`, { timeout: LONG }, () => {
  const { page, findings } = check("--parts", "device,golden,train-float32,noise,training");
  expect(findings.map(({ what }) => what)).toEqual([
    "device",
    "uncond16: loss, and the gradient of every parameter, relative",
    "training step, Strata, float32",
    "noise for samples, drawn by one thread of the CPU",
    "loss of step 1",
    "loss of step 5",
    "loss of 5 steps",
  ]);
  expect(page).not.toMatch(/failed|stopped/);
  expect(page).toMatch(/\| device \| .*cpu/);
  expect(page).toMatch(/\| training step, Strata, float32 \| [\d.]+ images\/s/);
  expect(page).toMatch(/off by \d(\.\d)? · 10⁻[⁵⁶⁷⁸]/);
});

test.runIf(plugin.path)("a part that takes too long is stopped, and the others go on", () => {
  const { findings } = check("--parts", "golden,noise", "--minutes", "0.01");
  expect(findings[0].found).toMatch(/^stopped after [01] s$/);
  expect(findings.at(-1)?.what).toContain("noise");
});
