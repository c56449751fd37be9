/**
 * @file The training step of every preset, as XLA compiles it for H200 GPUs that are not here: that convolutions go to cuDNN, that
 * bfloat16 saves memory, that several GPUs add up gradients. Prints a table in Markdown. Nothing runs on a GPU.
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { type PresetName, presets } from "../../src/config/index.js";
import type { Compiled } from "../support/h200.js";

const BATCH = 128;

/** The shared library of XLA's plugin for CUDA: `jax_plugins/xla_cuda12/xla_cuda_plugin.so` of the package jax-cuda12-pjrt. */
const plugin = process.env.STRATA_TEST_CUDA_PLUGIN;

/** A preset's step with a batch of 128 images, compiled in a process of its own. */
async function compiled(preset: PresetName, precision: string, devices: number): Promise<Compiled> {
  const program = fileURLToPath(new URL("../support/h200-process.ts", import.meta.url));
  const words = ["--import", "tsx", program, plugin!, preset, String(BATCH), precision, String(devices)];
  const { stdout } = await promisify(execFile)(process.execPath, words);
  return JSON.parse(stdout);
}

const rows: string[] = [];
const gigabytes = (bytes: number) => (bytes / 1e9).toFixed(1);

function note(preset: PresetName, precision: string, devices: number, result: Compiled): void {
  const { memory, convolutions, narrowConvolutions, allReduces } = result;
  const cells = [
    ...[`\`${preset}\``, precision, devices, gigabytes(memory.arguments + memory.outputs), gigabytes(memory.temporary)],
    ...[convolutions, narrowConvolutions, allReduces],
  ];
  rows.push(`| ${cells.join(" | ")} |`);
}

afterAll(() => {
  if (rows.length === 0) return;
  const head = [
    "| preset | precision | GPUs | GB of arguments and results | GB between | cuDNN | of which give bfloat16 | all-reduces |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
  ];
  console.log([...head, ...rows].join("\n"));
});

describe.runIf(plugin)(`compiled for H200s (${plugin ?? "name the plugin in STRATA_TEST_CUDA_PLUGIN"})`, () => {
  test.each(Object.keys(presets) as PresetName[])("%s", async (preset) => {
    const float32 = await compiled(preset, "float32", 1);
    note(preset, "float32", 1, float32);
    const tf32 = await compiled(preset, "tf32", 1);
    note(preset, "tf32", 1, tf32);
    const bfloat16 = await compiled(preset, "bfloat16", 1);
    note(preset, "bfloat16", 1, bfloat16);
    const onTwo = await compiled(preset, "bfloat16", 2);
    note(preset, "bfloat16", 2, onTwo);

    expect(float32.convolutions).toBeGreaterThan(200);
    expect([tf32.convolutions, bfloat16.convolutions, onTwo.convolutions]).toEqual(Array(3).fill(float32.convolutions));
    expect([float32.narrowConvolutions, tf32.narrowConvolutions]).toEqual([0, 0]);
    // Activations forward, and their cotangents; a third of all are gradients of filters, in float32.
    expect(bfloat16.narrowConvolutions / bfloat16.convolutions).toBeGreaterThan(0.5);
    expect(bfloat16.memory.temporary).toBeLessThan(0.65 * float32.memory.temporary);
    expect(float32.allReduces).toBe(0);
    expect(onTwo.allReduces).toBeGreaterThan(0);
    expect(onTwo.allReduces).toBeLessThan(20); // a few at once, not one for each gradient
  });
});
