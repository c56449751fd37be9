/** @file The thread of `InputThread`: asked for a step by its number, it answers with what the step is computed from. */
import { parentPort, workerData } from "node:worker_threads";
import { Batches } from "../data/batches.js";
import type { InputAnswer, InputSettings } from "./input-thread.js";
import { stepInputs } from "./step-inputs.js";
import type { MicroBatch } from "./trainer.js";

const { config, images, stopped } = workerData as InputSettings;
const batches = new Batches(images, config.training);

parentPort!.on("message", (step: number | undefined) => {
  if (step === undefined) return parentPort!.close();
  if (Atomics.load(stopped, 0) !== 0) return;
  const microBatches = stepInputs(config, step, batches.batch(step));
  parentPort!.postMessage({ step, microBatches } satisfies InputAnswer, microBatches.flatMap(buffersOf));
});

/** The memory of a micro-batch, which is handed over and not copied. */
function buffersOf({ batch, noise }: MicroBatch): ArrayBuffer[] {
  return [...Object.values(batch), ...noise].flatMap((array) =>
    array === undefined ? [] : [array.buffer as ArrayBuffer],
  );
}
