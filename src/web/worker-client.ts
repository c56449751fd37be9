/** @file The page's side of the thread that computes for it: asks, hears what is told, and can stop waiting. */
import { UserError } from "../errors.js";
import { type FromWorker, receivedError, type ToWorker, type Work, type WorkKind } from "./protocol.js";

interface Pending {
  resolve: (result: never) => void;
  reject: (error: unknown) => void;
  onTold?: (told: never) => void;
}

interface AskOptions<Kind extends WorkKind> {
  signal?: AbortSignal;
  onTold?: (told: Work[Kind]["told"]) => void;
}

export class WorkerClient {
  readonly #pending = new Map<number, Pending>();
  #lastId = 0;
  /** Why nothing more can be asked. */
  #ended?: Error;

  constructor(readonly worker: Worker) {
    worker.onmessage = ({ data }: MessageEvent<FromWorker>) => this.#hear(data);
    worker.onerror = (event) => {
      event.preventDefault?.();
      const why = event.message ? `: ${event.message}` : "";
      this.#end(
        new UserError("environment", `The thread of strata-vae/web did not start, or broke down${why}.`, {
          advice:
            "Its file, web-worker.js, has to be served beside web.js: see docs/web.md for your bundler and your content security policy.",
        }),
      );
    };
  }

  /** Asks for work; rejected at once when aborted. */
  ask<Kind extends WorkKind>(
    kind: Kind,
    request: Work[Kind]["request"],
    { signal, onTold }: AskOptions<Kind> = {},
  ): Promise<Work[Kind]["result"]> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#ended) return Promise.reject(this.#ended);
    const id = ++this.#lastId;
    return new Promise<Work[Kind]["result"]>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, onTold });
      this.worker.postMessage({ id, kind, request } as ToWorker);
      const abort = () => {
        this.worker.postMessage({ id, kind: "abort" } satisfies ToWorker);
        this.#pending.delete(id);
        reject(signal!.reason);
      };
      signal?.addEventListener("abort", abort, { once: true });
      const done = this.#pending.get(id)!;
      done.resolve = (result: never) => {
        signal?.removeEventListener("abort", abort);
        resolve(result);
      };
      done.reject = (error) => {
        signal?.removeEventListener("abort", abort);
        reject(error);
      };
    });
  }

  /** Ends the thread; what was asked for is rejected. Calling it again is harmless. */
  dispose(): void {
    this.#end(new Error("This model has been disposed."));
  }

  #end(error: Error): void {
    this.#ended ??= error;
    this.worker.terminate();
    for (const { reject } of this.#pending.values()) reject(this.#ended);
    this.#pending.clear();
  }

  #hear(message: FromWorker): void {
    const pending = this.#pending.get(message.id);
    if (!pending) return; // aborted
    if ("told" in message) {
      pending.onTold?.(message.told as never);
      return;
    }
    this.#pending.delete(message.id);
    if ("error" in message) pending.reject(receivedError(message.error));
    else pending.resolve(message.result as never);
  }
}

/** Starts the thread. Its file lies beside this one, wherever that was loaded from. */
export function startWorker(): Worker {
  const url = new URL("./web-worker.js", import.meta.url);
  if (url.origin === location.origin || url.protocol === "blob:") {
    // Written out, so that bundlers see that there is a thread.
    return new Worker(new URL("./web-worker.js", import.meta.url), { type: "module" });
  }
  // Browsers start threads of their own origin alone, which may import from others: a CDN.
  const code = new Blob([`import ${JSON.stringify(url.href)};`], { type: "text/javascript" });
  const own = URL.createObjectURL(code);
  const worker = new Worker(own, { type: "module" });
  setTimeout(() => URL.revokeObjectURL(own), 60_000); // it reads it while it starts
  return worker;
}
