/** @file ONNX Runtime in a thread of its own, and arrays that live there. */
import { availableParallelism } from "node:os";
import type { Worker } from "node:worker_threads";
import { startThread } from "../../thread.js";
import { checkElements, type Spec, type TypedArray } from "../spec.js";
import {
  type ArrayId,
  type DeviceName,
  type Envelope,
  type LoadRequest,
  READY,
  type Request,
  type Response,
  type WorkerSettings,
} from "./protocol.js";

export interface RuntimeOptions {
  /** Where programs run; default `cpu`. `openRuntime` tests a device before it is trusted. */
  device?: DeviceName;
  /** Threads that compute; by default all there are. Results are the same bytes only for the same number. */
  threads?: number;
}

/** An array that lives in a runtime's thread; programs take and give it without copies. */
export class DeviceArray {
  #freed = false;

  constructor(
    readonly runtime: Runtime,
    readonly id: ArrayId,
    readonly spec: Spec,
  ) {}

  /** Throws when the array has been disposed. */
  assertAlive(): void {
    if (this.#freed) throw new Error(`This device array (${this.spec}) has been disposed already.`);
  }

  /** A copy of the elements. */
  async read(): Promise<TypedArray> {
    this.assertAlive();
    return (await this.runtime.request({ kind: "read", array: this.id })) as TypedArray;
  }

  /** Gives the memory back; the array cannot be used afterwards. */
  dispose(): void {
    this.assertAlive();
    this.#freed = true;
    this.runtime.free(this.id);
  }
}

/**
 * A thread that runs programs. The calling thread stays free, and the process may exit while nothing is under way.
 * Requests are answered in the order in which they were made.
 */
export class Runtime {
  readonly device: DeviceName;
  readonly threads: number;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  readonly #freed: ArrayId[] = [];
  /** The thread has loaded what it needs, or has ended. */
  readonly #started: Promise<void>;
  #next = 0;
  #closed: Error | undefined;

  constructor({ device = "cpu", threads = availableParallelism() }: RuntimeOptions = {}) {
    this.device = device;
    this.threads = threads;
    const settings: WorkerSettings = { device, threads };
    this.#worker = startThread("./worker", import.meta.url, settings);
    this.#worker.unref();
    this.#worker.on("message", (response: Response | typeof READY) => {
      if (response !== READY) this.#settle(response);
    });
    this.#started = new Promise((resolve) => {
      this.#worker.once("message", () => resolve()).once("exit", () => resolve());
    });
    this.#worker.on("error", (error: Error) => this.#close(error));
    this.#worker.on("exit", () => this.#close(new Error("The runtime's thread has ended.")));
  }

  /** Copies elements to the runtime's thread. */
  put(data: TypedArray, spec: Spec): DeviceArray {
    checkElements(data, spec, "Runtime.put");
    const array = new DeviceArray(this, this.name(), spec);
    this.#post({ kind: "put", array: array.id, info: { dtype: spec.dtype, shape: spec.shape }, data });
    return array;
  }

  /** Hands elements over to the runtime's thread, without a copy: `data` must own its buffer, and is empty afterwards. */
  give(data: TypedArray, spec: Spec): DeviceArray {
    checkElements(data, spec, "Runtime.give");
    const array = new DeviceArray(this, this.name(), spec);
    const info = { dtype: spec.dtype, shape: spec.shape };
    this.#post({ kind: "put", array: array.id, info, data }, [data.buffer as ArrayBuffer]);
    return array;
  }

  /**
   * Calls a function in the runtime's thread with the elements of each group of arrays, which it may change, and `argument`.
   *
   * @param module - that exports the function by default
   * @throws Error on a device whose arrays are not ordinary memory
   */
  async apply(module: URL, groups: readonly (readonly DeviceArray[])[], argument: unknown): Promise<void> {
    if (this.device !== "cpu") throw new Error(`Arrays on ${this.device} cannot be changed in place.`);
    for (const array of groups.flat()) array.assertAlive();
    const ids = groups.map((group) => group.map(({ id }) => id));
    await this.request({ kind: "apply", module: module.href, groups: ids, argument });
  }

  /** Whether the thread has ended, with everything in it. */
  get closed(): boolean {
    return this.#closed !== undefined;
  }

  /** Ends the thread and frees everything in it. */
  async dispose(): Promise<void> {
    this.#close(new Error("This runtime has been disposed."));
    this.#worker.ref();
    await this.#started; // a thread that ends while it loads its library can take the process with it
    await this.#worker.terminate();
  }

  /** @internal A name that nothing in the thread has yet. */
  name(): number {
    return this.#next++;
  }

  /**
   * @internal Loads an ONNX model; resolves to its number once its session exists. With `optimise`, ONNX Runtime rewrites
   * the graph first: worth its time where weights are constant, since it computes their layouts once.
   */
  async load(request: Omit<LoadRequest, "kind" | "program">): Promise<number> {
    const program = this.name();
    await this.request({ kind: "load", program, ...request });
    return program;
  }

  /** @internal */
  request(request: Request): Promise<unknown> {
    if (this.#closed) return Promise.reject(this.#closed);
    return new Promise((resolve, reject) => {
      this.#waiting.set(this.#post(request), { resolve, reject });
      this.#worker.ref();
    });
  }

  /** @internal Frees an array before the next request is answered. */
  free(array: ArrayId): void {
    this.#freed.push(array);
  }

  #post(request: Request, transferred: ArrayBuffer[] = []): number {
    if (this.#closed) throw this.#closed;
    const id = this.name();
    this.#worker.postMessage({ id, request, freed: this.#freed.splice(0) } satisfies Envelope, transferred);
    return id;
  }

  #settle(response: Response): void {
    const waiting = this.#waiting.get(response.id);
    this.#waiting.delete(response.id);
    if (this.#waiting.size === 0) this.#worker.unref();
    if (!("error" in response)) waiting?.resolve(response.result);
    else if (waiting) waiting.reject(response.error);
    else this.#close(response.error); // elements that could not be put: nothing after this can be right
  }

  #close(reason: Error): void {
    this.#closed ??= reason;
    for (const { reject } of this.#waiting.values()) reject(this.#closed);
    this.#waiting.clear();
  }
}

let shared: Runtime | undefined;

/** The runtime used where none is named: one a process, with all threads. */
export function defaultRuntime(): Runtime {
  shared ??= new Runtime();
  return shared;
}
