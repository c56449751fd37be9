/** @file The thread of `InputThread`: asked for a step by its number, it answers with what the step is computed from. */
import { Batches } from "../../data/batches.js";
import { StreamedBatches } from "../../data/stream/streamed-batches.js";
import { serve } from "../../thread-service.js";
import type { MicroBatch } from "../trainer.js";
import type { InputSettings } from "./input-thread.js";
import { placesOf, type Share, stepInputs } from "./step-inputs.js";

await serve<InputSettings & { share: Share }, number>(({ config, images, device, share }) => {
  const batches =
    "shards" in images ? new StreamedBatches(images, config.training, share) : new Batches(images, config.training);
  return {
    answer: async (step) => {
      const batch = await batches.batch(step, placesOf(config.training, share));
      return stepInputs(config, step, batch, device, share);
    },
    transferred: (microBatches) => (microBatches as MicroBatch[]).flatMap(buffersOf),
  };
});

/** The memory of a micro-batch. */
function buffersOf({ batch, noise }: MicroBatch): ArrayBuffer[] {
  return [...Object.values(batch), ...Object.values(noise)].flatMap((array) =>
    array === undefined ? [] : [array.buffer as ArrayBuffer],
  );
}
