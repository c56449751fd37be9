/** @file The inputs of the next steps, made in a thread of their own while the engine computes. */
import type { Worker } from "node:worker_threads";
import type { Config } from "../config/index.js";
import type { ImageSet } from "../data/index.js";
import { groups } from "../model/index.js";
import { endThread, startThread } from "../thread.js";
import type { MicroBatch } from "./trainer.js";

/** Steps that are made ahead: as many as fit into this many bytes, within these bounds. */
const AHEAD_BYTES = 2 ** 26;
const [LEAST_AHEAD, MOST_AHEAD] = [1, 8];

/** What the thread is started with. */
export interface InputSettings {
  config: Config;
  images: ImageSet;
  /** int32 [1]: not 0 when what has been asked is no longer wanted. */
  stopped: Int32Array<SharedArrayBuffer>;
}

/** What it answers when asked for a step, a number. */
export interface InputAnswer {
  step: number;
  microBatches: MicroBatch[];
}

interface Waiting {
  promise: Promise<MicroBatch[]>;
  resolve(microBatches: MicroBatch[]): void;
  reject(error: Error): void;
}

/** Makes images, labels and noise of steps: see `stepInputs`. */
export class InputThread {
  readonly #worker: Worker;
  readonly #ahead: number;
  readonly #asked = new Map<number, Waiting>();
  readonly #stopped = new Int32Array(new SharedArrayBuffer(4));
  #ended: Error | undefined;

  constructor(given: Omit<InputSettings, "stopped">) {
    const settings: InputSettings = { ...given, stopped: this.#stopped };
    this.#ahead = stepsAhead(settings.config);
    this.#worker = startThread("./input-worker", import.meta.url, settings);
    this.#worker.on("message", ({ step, microBatches }: InputAnswer) => this.#asked.get(step)?.resolve(microBatches));
    this.#worker.on("error", (error: Error) => this.#end(error));
    this.#worker.on("exit", () => this.#end(new Error("The thread that makes inputs has ended.")));
  }

  /** The micro-batches of a step; those of the steps after it are begun. They belong to the caller. */
  async take(step: number): Promise<MicroBatch[]> {
    this.begin(step);
    const { promise } = this.#asked.get(step)!;
    const microBatches = await promise;
    this.#asked.delete(step);
    return microBatches;
  }

  /** Begins to make a step's inputs, and those of the steps after it. */
  begin(step: number): void {
    for (let next = step; next <= step + this.#ahead; next++) {
      if (this.#asked.has(next)) continue;
      this.#asked.set(next, waiting());
      if (this.#ended) this.#asked.get(next)!.reject(this.#ended);
      else this.#worker.postMessage(next);
    }
  }

  async dispose(): Promise<void> {
    Atomics.store(this.#stopped, 0, 1);
    if (!this.#ended) await endThread(this.#worker);
  }

  #end(reason: Error): void {
    this.#ended ??= reason;
    for (const { reject } of this.#asked.values()) reject(this.#ended);
  }
}

function stepsAhead({ model, training }: Config): number {
  const noise = groups(model).reduce((sum, { shape }) => sum + shape.reduce((product, n) => product * n, 1), 0);
  const bytes = 4 * training.batchSize * (noise + 3 * model.resolution ** 2);
  return Math.min(MOST_AHEAD, Math.max(LEAST_AHEAD, Math.floor(AHEAD_BYTES / bytes)));
}

function waiting(): Waiting {
  let [resolve, reject]: [Waiting["resolve"], Waiting["reject"]] = [() => {}, () => {}];
  const promise = new Promise<MicroBatch[]>((onResolve, onReject) => {
    [resolve, reject] = [onResolve, onReject];
  });
  promise.catch(() => {}); // whoever takes it hears of the error
  return { promise, resolve, reject };
}
