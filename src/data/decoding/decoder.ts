/** @file Decoding many images: in this thread, or, where it is worth the start, in one thread a core. */

import { availableParallelism } from "node:os";
import { isNativeError } from "node:util/types";
import { Thread } from "../../thread.js";
import { type Decoded, isLarge, oneAtATime, tryDecoding, type UndersizedImages } from "./decode.js";
import { setForManyImages } from "./many-images.js";

/** Images below which starting threads takes longer than they save. */
const WORTH_THREADS = 500;

/** Makes pixels of encoded images, as `tryDecoding` does. */
export interface Decoder extends AsyncDisposable {
  /** How many images keep it busy. */
  parallel: number;
  /**
   * @param bytes - borrowed
   * @throws Error when decoding itself breaks down, whatever the image
   */
  decode(bytes: Uint8Array, resolution: number, undersized?: UndersizedImages): Promise<Decoded>;
}

/** What a thread is asked; it answers with a `Decoded`. */
export interface DecodeRequest {
  bytes: Uint8Array;
  resolution: number;
  undersized?: UndersizedImages;
}

/** A decoder for so many images. */
export async function createDecoder(images: number): Promise<Decoder> {
  const settings = await setForManyImages();
  if (images >= WORTH_THREADS) return new DecodeThreads(availableParallelism(), settings);
  return {
    parallel: 2 * availableParallelism(),
    decode: tryDecoding,
    [Symbol.asyncDispose]: async () => settings[Symbol.dispose](),
  };
}

/**
 * One image at a time in each thread, and one large image at a time in all of them together. As many again wait, so that a
 * thread need not.
 */
class DecodeThreads implements Decoder {
  readonly parallel: number;
  readonly #threads: Thread[];
  readonly #idle: Thread[];
  readonly #waiting: ((thread: Thread) => void)[] = [];
  readonly #settings: Disposable;

  constructor(count: number, settings: Disposable) {
    this.#settings = settings;
    const name = "The thread that decodes images";
    const start = () => new Thread({ module: "./decode-worker", caller: import.meta.url, name });
    this.#threads = Array.from({ length: count }, start);
    this.#idle = [...this.#threads];
    this.parallel = 2 * count;
  }

  async decode(bytes: Uint8Array, resolution: number, undersized?: UndersizedImages): Promise<Decoded> {
    const large = await isLarge(bytes).catch((error: Error) => error);
    if (isNativeError(large)) return { error: large.message };
    const work = () => this.#ask({ bytes: new Uint8Array(bytes), resolution, undersized }); // a copy, as its memory is handed over
    return large ? oneAtATime(work) : work();
  }

  /** Asks the next thread that is free. */
  async #ask(request: DecodeRequest): Promise<Decoded> {
    const thread = this.#idle.pop() ?? (await new Promise<Thread>((free) => this.#waiting.push(free)));
    try {
      return (await thread.ask(request, [request.bytes.buffer as ArrayBuffer])) as Decoded;
    } finally {
      const next = this.#waiting.shift();
      if (next) next(thread);
      else this.#idle.push(thread);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const reason = new Error("This decoder has been closed.");
    await Promise.all(this.#threads.map((thread) => thread.end(reason)));
    this.#settings[Symbol.dispose]();
  }
}
