/** @file The peers of the benchmarks do our work: the same losses, gradient norms and pictures from the same start. */
import { expect, test } from "vitest";
import { agreements } from "../../bench/agreement.js";
import { type Competing, inJavaScript, pyTorch, pyTorchAsPublished } from "../../bench/peers/systems.js";
import type { Work } from "../../bench/protocol.js";
import { applySettings, type PresetName, resolvePreset } from "../../src/config/index.js";

/** Losses differ by 1e-6, norms of gradients by up to 1e-4: millions of squares are added in float32. */
const LIMIT = 3e-4;

const torch = pyTorch();
const withTorch = test.skipIf(torch.length === 0);

async function agree(work: Work, preset: PresetName, settings: string[], peers: Competing[]) {
  const config = applySettings(resolvePreset(preset), ["training.batchSize=2", ...settings]);
  for (const { deviation, seen } of await agreements({ work, config, threads: 2, peers })) {
    expect(seen.flat().every(Number.isFinite)).toBe(true);
    expect(deviation).toBeLessThan(LIMIT);
  }
}

/** Every level this wide, with so many blocks and layers. */
const cut = (preset: PresetName, channels: number, depth: number): string[] =>
  resolvePreset(preset).model.levels.flatMap(({ resolution }) => [
    `model.levels.${resolution}.channels=${channels}`,
    `model.levels.${resolution}.encoderBlocks=${depth}`,
    `model.levels.${resolution}.stochasticLayers=${depth}`,
  ]);

withTorch("PyTorch, if installed: three training steps of emoji32-small, in both memory formats", async () => {
  await agree("train", "emoji32-small", [], torch);
});

withTorch("PyTorch, if installed: three training steps of a cut-down cifar10", async () => {
  await agree("train", "cifar10", cut("cifar10", 16, 2), torch.slice(0, 1));
});

withTorch("PyTorch, if installed: three training steps of a cut-down emoji32, with classes and attention", async () => {
  await agree("train", "emoji32", cut("emoji32", 16, 2), torch.slice(0, 1));
});

withTorch.each(["generate", "reconstruct"] as const)("PyTorch, if installed: %s with emoji32-small", async (work) => {
  await agree(work, "emoji32-small", [], torch.slice(0, 1));
});

withTorch("PyTorch, if installed: guided samples of a cut-down emoji32, from two states kept apart", async () => {
  await agree("guide", "emoji32", cut("emoji32", 16, 2), torch.slice(0, 1));
  await agree("guide", "emoji32", cut("emoji32", 16, 2), pyTorchAsPublished());
});

test("jax-js and TensorFlow.js: three training steps of a cut-down emoji32-small, at 16×16", async () => {
  const levels = [1, 4, 8, 16].map((resolution) => ({
    resolution,
    channels: 4,
    encoderBlocks: 1,
    stochasticLayers: 1,
  }));
  const small = ["model.resolution=16", `model.levels=${JSON.stringify(levels)}`];
  await agree("train", "emoji32-small", small, inJavaScript());
});
