/**
 * @file The check for machines with a GPU, tried whole on XLA's plugin for processors with a tiny model: a gradient, a step and a
 * sampler, each compiled from the start in a process of its own.
 */
import { expect, test } from "vitest";
import { temporaryFolder } from "../support/command-line.js";
import { gpuCheck } from "../support/gpu-check.js";
import { xlaPlugins } from "../support/pjrt.js";

const [plugin] = xlaPlugins(process.env);
const out = temporaryFolder();

test.runIf(plugin.path)(`the check finds that the plugin computes rightly (${plugin.name})`, () => {
  const { page, findings } = gpuCheck(plugin.path!, out, "--parts", "device,golden,train-float32,noise,training");
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
