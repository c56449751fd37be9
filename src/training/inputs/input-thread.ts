/** @file The inputs of the next steps, made in a thread of their own while the engine computes. */
import type { Config } from "../../config/index.js";
import type { ImageSet, ShardStream } from "../../data/index.js";
import { type DeviceTraits, leaves, type Spec } from "../../engine/index.js";
import { latentNoiseSpecs } from "../../inference/programs/latent-noise.js";
import { single } from "../../ranks/ranks.js";
import { Thread } from "../../thread.js";
import type { MicroBatch } from "../trainer.js";
import type { Share } from "./step-inputs.js";

/** Steps that are made ahead: as many as fit into this many bytes, within these bounds. */
const AHEAD_BYTES = 2 ** 26;
const [LEAST_AHEAD, MOST_AHEAD] = [1, 8];

/** What the thread is started with. */
export interface InputSettings {
  config: Config;
  images: ImageSet | ShardStream;
  /** That the inputs are for. */
  device: Pick<DeviceTraits, "drawsNoise">;
  /** Of every batch, by default all. */
  share?: Share;
}

/** Makes images, labels and noise of steps: see `stepInputs`. */
export class InputThread {
  readonly #thread: Thread;
  readonly #ahead: number;
  readonly #asked = new Map<number, Promise<MicroBatch[]>>();

  constructor(settings: InputSettings) {
    this.#ahead = stepsAhead(settings);
    const name = "The thread that makes inputs";
    const { rank, size } = settings.share ?? single; // and nothing more of it, which could not be sent
    const given = { ...settings, share: { rank, size } };
    this.#thread = new Thread({ module: "./input-worker", caller: import.meta.url, settings: given, name });
  }

  /** The micro-batches of a step; those of the steps after it are begun. They belong to the caller. */
  async take(step: number): Promise<MicroBatch[]> {
    this.begin(step);
    const microBatches = await this.#asked.get(step)!;
    this.#asked.delete(step);
    return microBatches;
  }

  /** Begins to make a step's inputs, and those of the steps after it. */
  begin(step: number): void {
    for (let next = step; next <= step + this.#ahead; next++) {
      if (this.#asked.has(next)) continue;
      const microBatches = this.#thread.ask(next) as Promise<MicroBatch[]>;
      microBatches.catch(() => {}); // whoever takes it hears of the error
      this.#asked.set(next, microBatches);
    }
  }

  /** Ends the thread, at any moment: steps that are waited for are rejected. */
  dispose(): Promise<void> {
    return this.#thread.end(new Error("This input thread has been disposed."));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

function stepsAhead({ config: { model, training }, device }: InputSettings): number {
  const noise = leaves(latentNoiseSpecs(model, 1, device)).reduce((sum, { size }: Spec) => sum + size, 0);
  const bytes = 4 * training.batchSize * (noise + 3 * model.resolution ** 2);
  return Math.min(MOST_AHEAD, Math.max(LEAST_AHEAD, Math.floor(AHEAD_BYTES / bytes)));
}
