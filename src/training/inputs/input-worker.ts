/** @file The thread of `InputThread`: asked for a step by its number, it answers with what the step is computed from. */
import { Batches } from "../../data/batches.js";
import { serve } from "../../thread-service.js";
import type { MicroBatch } from "../trainer.js";
import type { InputSettings } from "./input-thread.js";
import { stepInputs } from "./step-inputs.js";

await serve<InputSettings, number>(({ config, images, device }) => {
  const batches = new Batches(images, config.training);
  return {
    answer: (step) => stepInputs(config, step, batches.batch(step), device),
    transferred: (microBatches) => (microBatches as MicroBatch[]).flatMap(buffersOf),
  };
});

/** The memory of a micro-batch. */
function buffersOf({ batch, noise }: MicroBatch): ArrayBuffer[] {
  return [...Object.values(batch), ...Object.values(noise)].flatMap((array) =>
    array === undefined ? [] : [array.buffer as ArrayBuffer],
  );
}
