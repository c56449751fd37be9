/** @file The check for machines with a GPU, on XLA's plugin for processors: its page, and its patience. `test/long` tries it whole. */
import { expect, test } from "vitest";
import { temporaryFolder } from "../support/command-line.js";
import { gpuCheck } from "../support/gpu-check.js";
import { xlaPlugins } from "../support/pjrt.js";

const [plugin] = xlaPlugins(process.env);
const out = temporaryFolder();

test.runIf(plugin.path)(`the check tells of the plugin and its device, on a page (${plugin.name})`, () => {
  const { page, findings } = gpuCheck(plugin.path!, out, "--parts", "device,noise");
  expect(findings.map(({ what }) => what)).toEqual(["device", "noise for samples, drawn by one thread of the CPU"]);
  expect(page).not.toMatch(/failed|stopped/);
  expect(page).toMatch(/\| device \| .*cpu/);
});

test.runIf(plugin.path)("a part that takes too long is stopped, and the others go on", () => {
  const { findings } = gpuCheck(plugin.path!, out, "--parts", "golden,noise", "--minutes", "0.01");
  expect(findings[0].found).toMatch(/^stopped after [01] s$/);
  expect(findings.at(-1)?.what).toContain("noise");
});
