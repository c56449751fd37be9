/** @file The inside of a `Thread`: answers its requests, one after the other. */
import { parentPort, workerData } from "node:worker_threads";
import { UserError } from "./errors.js";
import { type Answer, BUSY, DO_NOTHING, type Envelope, IDLE, STOPPED, type ThreadData, WORKING } from "./thread.js";

/** What a thread can do. */
export interface Service<Request> {
  answer(request: Request): unknown;
  /** Called with a request as it arrives, before those that wait are answered. */
  arrived?(request: Request): void;
  /** Memory of an answer that is handed over and not copied. */
  transferred?(result: unknown): ArrayBuffer[];
}

/**
 * Serves the thread's owner until that ends the thread.
 *
 * @param open - loads what the thread needs, and may fail; given the settings
 */
export async function serve<Settings, Request>(
  open: (settings: Settings) => Service<Request> | Promise<Service<Request>>,
): Promise<void> {
  const { settings, control } = workerData as ThreadData;
  const port = parentPort!;
  const idle = () => {
    Atomics.store(control, BUSY, IDLE);
    Atomics.notify(control, BUSY);
  };
  /** At work from now on, unless the owner wants no more of it. The order matters: the owner sets the one, then looks at the other. */
  const begin = (wanted: (stopped: number) => boolean) => {
    Atomics.store(control, BUSY, WORKING);
    return wanted(Atomics.load(control, STOPPED));
  };
  /** Ends this thread alone: what gives back native memory at its end is work too. With the process it ends without. */
  const end = () => {
    process.once("exit", idle); // after all others
    if (begin((stopped) => stopped !== DO_NOTHING)) process.exit();
    idle();
  };
  let service: Service<Request>;
  try {
    service = await open(settings as Settings);
  } finally {
    idle();
  }
  const answer = async (id: number, request: Request) => {
    try {
      if (!begin((stopped) => stopped === 0)) return;
      const result = await service.answer(request);
      port.postMessage({ id, result } satisfies Answer, service.transferred?.(result) ?? []);
    } catch (error) {
      port.postMessage(failure(id, error));
    } finally {
      idle();
    }
  };
  let queue = Promise.resolve();
  port.on("message", (envelope: Envelope) => {
    if (envelope === null) {
      queue = queue.then(end);
      return;
    }
    service.arrived?.(envelope.request as Request);
    queue = queue.then(() => answer(envelope.id, envelope.request as Request));
  });
}

/** The answer that a request failed; an error loses its class and properties of its own on the way. */
function failure(id: number, thrown: unknown): Answer {
  if (!(thrown instanceof UserError))
    return { id, error: thrown instanceof Error ? thrown : new Error(String(thrown)) };
  const { code, advice, details } = thrown;
  return { id, error: new Error(thrown.message), told: { code, advice, details } };
}
