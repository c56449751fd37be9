/** @file The peers of the benchmarks do our work: the same losses, gradient norms and pictures from the same start. */
import { expect, test } from "vitest";
import { agreements } from "../../bench/agreement.js";
import { type Competing, inJavaScript, jax, onXla, pyTorch, pyTorchAsPublished } from "../../bench/peers/systems.js";
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

/** A model of so many levels that it compiles in seconds, also where a compiler optimises all. */
const tiny = (resolutions: number[], attention = 0): string[] => {
  const levels = resolutions.map((resolution) => ({
    resolution,
    channels: 4,
    encoderBlocks: 1,
    stochasticLayers: 1,
    attention,
  }));
  return [`model.resolution=${resolutions.at(-1)}`, `model.levels=${JSON.stringify(levels)}`];
};

const byXla = [...jax(), ...onXla()];
const withXla = test.skipIf(byXla.length === 0);

withXla("JAX and XLA's plugin, if installed: three training steps with classes and attention", async () => {
  await agree("train", "emoji32", tiny([4, 8], 1), byXla);
});

withXla("JAX and XLA's plugin, if installed: generate with a tiny model", async () => {
  await agree("generate", "emoji32-small", tiny([1, 4, 8]), byXla);
});

test("jax-js and TensorFlow.js: three training steps of a tiny emoji32-small", async () => {
  await agree("train", "emoji32-small", tiny([1, 4, 8]), inJavaScript());
});
