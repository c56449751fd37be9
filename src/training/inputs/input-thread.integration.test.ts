import { availableParallelism } from "node:os";
import { expect, test } from "vitest";
import { discs, tinyConfig } from "../../../test/support/tiny.js";
import { Batches } from "../../data/index.js";
import { InputThread, inputThreads } from "./input-thread.js";
import { stepInputs } from "./step-inputs.js";

const images = discs(20, { labels: true });
const config = tinyConfig({ model: { classes: 4 }, training: { microBatchSize: 4, flips: true } });

test.each([1, 3])("%i threads give what this one would make, from whatever step on", async (threads) => {
  const thread = new InputThread({ config, images }, threads);
  const batches = new Batches(images, config.training);
  try {
    for (const step of [7, 8, 9, 30]) {
      expect(await thread.take(step)).toEqual(stepInputs(config, step, batches.batch(step)));
    }
  } finally {
    await thread.dispose();
  }
});

test("an error in the thread reaches whoever waits", async () => {
  const missing = { ...images, images: { path: "/nowhere/set.safetensors", offset: 0 } };
  const thread = new InputThread({ config, images: missing });
  await expect(thread.take(0)).rejects.toThrow("/nowhere/set.safetensors");
  await expect(thread.take(100)).rejects.toThrow("/nowhere/set.safetensors");
  await thread.dispose();
});

test("several threads are for images in files, computed with elsewhere", () => {
  const packed = { ...images, images: { path: "/nowhere/set.safetensors", offset: 0 } };
  expect(inputThreads({ config, images: packed }, false)).toBe(1);
  expect(inputThreads({ config, images }, true)).toBe(1);
  expect(inputThreads({ config, images: packed }, true)).toBe(Math.min(16, Math.max(1, availableParallelism() - 1)));
});

test("those who wait when it is disposed are told", async () => {
  const thread = new InputThread({ config, images });
  const taken = expect(thread.take(0)).rejects.toThrow("has been disposed");
  await thread.dispose();
  await taken;
});
