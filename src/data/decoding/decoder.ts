/** @file Decoding many images: in this thread, or, where it is worth the start, in one thread a core. */
import { availableParallelism } from "node:os";
import type { Worker } from "node:worker_threads";
import { endThread, startThread } from "../../thread.js";
import { type Decoded, isLarge, oneAtATime, type SmallImages, tryDecoding } from "./decode.js";

/** Images below which starting threads takes longer than they save. */
const WORTH_THREADS = 500;

/** Makes pixels of encoded images, as `tryDecoding` does. */
export interface Decoder {
  /** How many images keep it busy. */
  parallel: number;
  /**
   * @param bytes - borrowed
   * @throws Error when decoding itself breaks down, whatever the image
   */
  decode(bytes: Uint8Array, resolution: number, small?: SmallImages): Promise<Decoded>;
  close(): Promise<void>;
}

/** What a thread is asked; it answers with a `Decoded`. */
export interface DecodeRequest {
  bytes: Uint8Array;
  resolution: number;
  small?: SmallImages;
}

/** A decoder for so many images. */
export function createDecoder(images: number): Decoder {
  if (images >= WORTH_THREADS) return new DecodeThreads(availableParallelism());
  return { parallel: 2 * availableParallelism(), decode: tryDecoding, close: async () => {} };
}

/**
 * One image at a time in each thread, and one large image at a time in all of them together. As many again wait, so that a
 * thread need not.
 */
class DecodeThreads implements Decoder {
  readonly parallel: number;
  readonly #threads: Worker[];
  readonly #idle: Worker[];
  readonly #waiting: ((thread: Worker) => void)[] = [];

  constructor(count: number) {
    this.#threads = Array.from({ length: count }, () => startThread("./decode-worker", import.meta.url, undefined));
    this.#idle = [...this.#threads];
    this.parallel = 2 * count;
  }

  async decode(bytes: Uint8Array, resolution: number, small?: SmallImages): Promise<Decoded> {
    const large = await isLarge(bytes).catch((error: Error) => error);
    if (large instanceof Error) return { error: large.message };
    const work = () => this.#ask({ bytes: new Uint8Array(bytes), resolution, small }); // a copy, as its memory is handed over
    return large ? oneAtATime(work) : work();
  }

  /** Asks the next thread that is free. */
  async #ask(request: DecodeRequest): Promise<Decoded> {
    const thread = this.#idle.pop() ?? (await new Promise<Worker>((free) => this.#waiting.push(free)));
    const decoded = await ask(thread, request);
    const next = this.#waiting.shift();
    if (next) next(thread);
    else this.#idle.push(thread);
    return decoded;
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map(endThread));
  }
}

function ask(thread: Worker, request: DecodeRequest): Promise<Decoded> {
  return new Promise((resolve, reject) => {
    const ended = () => reject(new Error("The thread that decodes images has ended."));
    const done = () => {
      thread.off("message", answered).off("error", failed).off("exit", ended);
    };
    const answered = (answer: Decoded) => {
      done();
      resolve(answer);
    };
    const failed = (error: Error) => {
      done();
      reject(error);
    };
    thread.on("message", answered).on("error", failed).on("exit", ended);
    thread.postMessage(request, [request.bytes.buffer as ArrayBuffer]);
  });
}
