/** @file A device in a thread of its own, and arrays that live there. */
import { availableParallelism } from "node:os";
import { Thread } from "../../thread.js";
import { checkElements, type Spec, type TypedArray } from "../spec.js";
import type { Precision } from "../stablehlo/function-body.js";
import { toldIfLong } from "./compile-times.js";
import type {
  ArrayId,
  DeviceDescription,
  LoadRequest,
  Message,
  ProgramMemory,
  Request,
  WorkerSettings,
  XlaSettings,
} from "./protocol.js";
import { type DeviceName, type DeviceTraits, deviceTraits } from "./traits.js";

/** Where a {@link Runtime} computes, and with how many threads. */
export interface RuntimeOptions {
  /** Where programs run; default `cpu`. `openRuntime` tests a device before it is trusted. */
  device?: DeviceName;
  /** Threads that compute; by default all there are. Results are the same bytes only for the same number. XLA takes all. */
  threads?: number;
  /** For XLA: its plugin, and how it computes. */
  xla?: XlaOptions;
  /** Called while a program takes long to compile. */
  onNotice?: (message: string) => void;
}

/** A program that a runtime has loaded. */
export interface LoadedProgram {
  /** The runtime's name for it. */
  number: number;
  /** What a run takes, where the device says. */
  memory: ProgramMemory | undefined;
}

/** A program as another runtime can load it. */
export type SharedProgram = Omit<LoadRequest, "kind" | "program">;

/** Other runtimes, which take some of the runs of one. */
export interface RunPool {
  /** How many runs are computed at once. */
  readonly lanes: number;
  /** Has a run computed, by `here` or elsewhere. */
  run(
    program: SharedProgram & { number: number },
    inputs: TypedArray[],
    here: () => Promise<TypedArray[]>,
  ): Promise<TypedArray[]>;
  /** Forgets a program. */
  unload(program: number): Promise<void>;
}

/** How XLA computes. */
export interface XlaOptions extends XlaSettings {
  /**
   * How exactly products of float32 are computed: to all digits (`float32`, the default), or, where that is faster, with factors
   * rounded to 11 bits (`tf32`). With `bfloat16` activations are kept in 8 bits, in half the memory; parameters and their
   * gradients, latents, rates, losses and all sums stay float32.
   */
  precision?: Precision;
}

/** An array that lives in a runtime's thread; programs take and give it without copies. */
export class DeviceArray {
  #freed = false;

  constructor(
    readonly runtime: Runtime,
    readonly id: ArrayId,
    readonly spec: Spec,
  ) {}

  get shape(): readonly number[] {
    return this.spec.shape;
  }

  /** Throws when the array has been disposed. */
  assertAlive(): void {
    if (this.#freed) throw new Error(`This device array (${this.spec}) has been disposed already.`);
  }

  /** A copy of the elements. */
  async read(): Promise<TypedArray> {
    this.assertAlive();
    return (await this.runtime.request({ kind: "read", array: this.id })) as TypedArray;
  }

  /** The elements; the array is disposed. Where arrays are ordinary memory, nothing is copied. */
  async take(): Promise<TypedArray> {
    this.assertAlive();
    this.#freed = true;
    return (await this.runtime.request({ kind: "take", array: this.id })) as TypedArray;
  }

  /** Gives the memory back; the array cannot be used afterwards. Calling it again is harmless. */
  dispose(): void {
    if (this.#freed) return;
    this.#freed = true;
    this.runtime.free(this.id);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/**
 * A thread that runs programs. The calling thread stays free, and the process may exit while nothing is under way.
 * Requests are answered in the order in which they were made.
 */
export class Runtime {
  readonly device: DeviceName;
  readonly threads: number;
  /** How exactly it computes. */
  readonly precision: Precision;
  /** Path of XLA's plugin. */
  readonly plugin: string | undefined;
  readonly #onNotice: (message: string) => void;
  #description: Promise<DeviceDescription> | undefined;
  readonly #thread: Thread;
  readonly #freed: ArrayId[] = [];
  #next = 0;
  #pool: { pool: RunPool; programs: Map<number, SharedProgram> } | undefined;

  constructor({ device = "cpu", threads = availableParallelism(), xla, onNotice = () => {} }: RuntimeOptions = {}) {
    this.device = device;
    this.threads = threads;
    this.precision = xla?.precision ?? "float32";
    this.plugin = xla?.plugin;
    this.#onNotice = onNotice;
    process.env.ORT_DISABLE_TELEMETRY ??= "1"; // else an identity of this machine is written into the home folder, or the working folder
    const settings: WorkerSettings = device === "xla" ? { device, ...xla! } : { device, threads };
    this.#thread = new Thread({
      module: "./runtime-worker",
      caller: import.meta.url,
      settings,
      name: "The runtime's thread",
    });
  }

  /** Runs that are worth asking for at once, before the results of the first are needed. */
  get lanes(): number {
    return this.#pool?.pool.lanes ?? 1;
  }

  /** @internal From now on others take some of the runs whose inputs and results are elements, and nothing that lives here. */
  shareRuns(pool: RunPool): void {
    this.#pool = { pool, programs: new Map() };
  }

  /** What the device can do, and how it likes its programs. */
  get traits(): DeviceTraits {
    return deviceTraits[this.device];
  }

  /** Copies elements to the runtime's thread. */
  put(data: TypedArray, spec: Spec): DeviceArray {
    checkElements(data, spec, "Runtime.put");
    return this.#put(data, spec, []);
  }

  /** Hands elements over to the runtime's thread, without a copy: `data` must own its buffer, and is empty afterwards. */
  transfer(data: TypedArray, spec: Spec): DeviceArray {
    checkElements(data, spec, "Runtime.transfer");
    return this.#put(data, spec, [data.buffer as ArrayBuffer]);
  }

  #put(data: TypedArray, spec: Spec, transferred: ArrayBuffer[]): DeviceArray {
    const array = new DeviceArray(this, this.nextId(), spec);
    const info = { dtype: spec.dtype, shape: spec.shape };
    this.#thread.post(this.#message({ kind: "put", array: array.id, info, data }), transferred);
    return array;
  }

  /**
   * Calls a function in the runtime's thread with the elements of each group of arrays, which it may change, and `argument`.
   *
   * @param module - that exports the function by default
   * @throws Error on a device whose arrays are not ordinary memory
   */
  async apply(module: URL, groups: readonly (readonly DeviceArray[])[], argument: unknown): Promise<void> {
    if (!this.traits.inPlace) throw new Error(`Arrays on ${this.device} cannot be changed in place.`);
    for (const array of groups.flat()) array.assertAlive();
    const ids = groups.map((group) => group.map(({ id }) => id));
    await this.request({ kind: "apply", module: module.href, groups: ids, argument });
  }

  /**
   * What XLA says of its devices.
   *
   * @throws UserError when it cannot be used; Error on another device
   */
  describe(): Promise<DeviceDescription> {
    this.#description ??= this.request({ kind: "describe" }) as Promise<DeviceDescription>;
    return this.#description;
  }

  /** Whether the thread has ended, with everything in it. */
  get closed(): boolean {
    return this.#thread.ended !== undefined;
  }

  /**
   * Ends the thread and frees everything in it, at any moment: what is under way is rejected, and native code that runs
   * is waited for. Calling it again is harmless.
   */
  dispose(): Promise<void> {
    return this.#thread.end(new Error("This runtime has been disposed."));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  /** @internal A number that nothing in the thread goes by yet. */
  nextId(): number {
    return this.#next++;
  }

  /**
   * @internal Loads a lowered program; resolves to its number once it can run, and to what it takes, where that is known.
   */
  async load(request: Omit<LoadRequest, "kind" | "program">): Promise<LoadedProgram> {
    const number = this.nextId();
    const loading = this.request({ kind: "load", program: number, ...request }) as Promise<ProgramMemory | undefined>;
    const { plugin } = this;
    const told = { bytes: request.code.length, onNotice: this.#onNotice };
    const memory = await (plugin ? toldIfLong(loading, { plugin, ...told }) : loading);
    this.#pool?.programs.set(number, request);
    return { number, memory };
  }

  /** @internal Frees a program; one whose runtime has ended, or ends meanwhile, is free already. */
  async unload(program: number): Promise<void> {
    if (this.#pool?.programs.delete(program)) await this.#pool.pool.unload(program);
    try {
      await this.request({ kind: "unload", program });
    } catch (error) {
      if (!this.closed) throw error;
    }
  }

  /** @internal */
  request(request: Request): Promise<unknown> {
    const here = () => this.#thread.ask(this.#message(request));
    if (this.#pool === undefined || request.kind !== "run") return here();
    const { inputs, keep } = request;
    const program = this.#pool.programs.get(request.program);
    const isMovable = inputs.every((input) => typeof input !== "number") && keep.every((array) => array === null);
    if (program === undefined || !isMovable) return here();
    const run = here as () => Promise<TypedArray[]>;
    return this.#pool.pool.run({ ...program, number: request.program }, inputs as TypedArray[], run);
  }

  /** @internal Frees an array before the next request is answered. */
  free(array: ArrayId): void {
    this.#freed.push(array);
  }

  #message(request: Request): Message {
    return { request, freed: this.#freed.splice(0) };
  }
}

let shared: Runtime | undefined;

/** The runtime used where none is named: one a process, with all threads. */
export function defaultRuntime(): Runtime {
  shared ??= new Runtime();
  return shared;
}
