/** @file The inputs of the next steps, made in threads of their own while the engine computes. */
import { availableParallelism } from "node:os";
import type { Config } from "../../config/index.js";
import type { ImageSet } from "../../data/index.js";
import { groups } from "../../model/index.js";
import { Thread } from "../../thread.js";
import type { MicroBatch } from "../trainer.js";

/** Steps that are made ahead: as many as fit into this many bytes, within these bounds. */
const AHEAD_BYTES = 2 ** 26;
const [LEAST_AHEAD, MOST_AHEAD] = [1, 8];

/** What the thread is started with. */
export interface InputSettings {
  config: Config;
  images: ImageSet;
}

/** Threads that a fast device is fed by, at most: noise takes most of their time, and more of it than a GPU takes for a step. */
const MOST_THREADS = 16;

/** Share of the memory there is that inputs made ahead may take. */
const SHARE = 0.2;

/**
 * How many threads make inputs: one where the processor computes as well, or images are in memory, of which each thread has a copy;
 * else as many as there are cores and memory for.
 */
export function inputThreads({ config, images }: InputSettings, computesElsewhere: boolean): number {
  if (!computesElsewhere || ArrayBuffer.isView(images.images)) return 1;
  const fitting = Math.floor((SHARE * process.availableMemory()) / bytesOf(config));
  return Math.max(1, Math.min(MOST_THREADS, availableParallelism() - 1, fitting));
}

/** Makes images, labels and noise of steps: see `stepInputs`. Each thread makes every n-th step. */
export class InputThread {
  readonly #threads: readonly Thread[];
  readonly #ahead: number;
  readonly #asked = new Map<number, Promise<MicroBatch[]>>();

  constructor(settings: InputSettings, threads = 1) {
    this.#ahead = Math.max(threads, stepsAhead(settings.config));
    const name = "The thread that makes inputs";
    this.#threads = Array.from(
      { length: threads },
      () => new Thread({ module: "./input-worker", caller: import.meta.url, settings, name }),
    );
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
      const microBatches = this.#threads[next % this.#threads.length].ask(next) as Promise<MicroBatch[]>;
      microBatches.catch(() => {}); // whoever takes it hears of the error
      this.#asked.set(next, microBatches);
    }
  }

  /** Ends the threads, at any moment: steps that are waited for are rejected. */
  async dispose(): Promise<void> {
    const reason = new Error("This input thread has been disposed.");
    await Promise.all(this.#threads.map((thread) => thread.end(reason)));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}

const stepsAhead = (config: Config): number =>
  Math.min(MOST_AHEAD, Math.max(LEAST_AHEAD, Math.floor(AHEAD_BYTES / bytesOf(config))));

/** Memory that the inputs of a step take. */
function bytesOf({ model, training }: Config): number {
  const noise = groups(model).reduce((sum, { shape }) => sum + shape.reduce((product, n) => product * n, 1), 0);
  return 4 * training.batchSize * (noise + 3 * model.resolution ** 2);
}
