import { expect, test } from "vitest";
import { discs, tinyConfig } from "../../../test/support/tiny.js";
import { Batches } from "../../data/index.js";
import { InputThread } from "./input-thread.js";
import { stepInputs } from "./step-inputs.js";

const images = discs(20, { labels: true });
const config = tinyConfig({ model: { classes: 4 }, training: { microBatchSize: 4, flips: true } });

test.each([false, true])("gives what this thread would make, from whatever step on; keys: %s", async (drawsNoise) => {
  const device = { drawsNoise };
  const thread = new InputThread({ config, images, device });
  const batches = new Batches(images, config.training);
  try {
    for (const step of [7, 8, 9, 30]) {
      expect(await thread.take(step)).toEqual(stepInputs(config, step, batches.batch(step), device));
    }
  } finally {
    await thread.dispose();
  }
});

test("an error in the thread reaches whoever waits", async () => {
  const missing = { ...images, images: { path: "/nowhere/set.safetensors", offset: 0 } };
  const thread = new InputThread({ config, images: missing, device: { drawsNoise: false } });
  await expect(thread.take(0)).rejects.toThrow("/nowhere/set.safetensors");
  await expect(thread.take(100)).rejects.toThrow("/nowhere/set.safetensors");
  await thread.dispose();
});

test("those who wait when it is disposed are told", async () => {
  const thread = new InputThread({ config, images, device: { drawsNoise: false } });
  const taken = expect(thread.take(0)).rejects.toThrow("has been disposed");
  await thread.dispose();
  await taken;
});
