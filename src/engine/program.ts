/** @file Compiled functions. */
import { Lifetime } from "../lifetime.js";
import type { ProgramMemory } from "./runtime/protocol.js";
import type { Resident } from "./runtime/residents.js";
import { DeviceArray, type Runtime } from "./runtime/runtime.js";
import type { Session } from "./runtime/sessions.js";
import { checkElements, type Spec, sameShape, type TypedArray } from "./spec.js";
import { entries, leaves, type Mapped, rebuild } from "./tree.js";

/** A leaf of what goes into a program. */
export type Operand = TypedArray | DeviceArray;

/** A function that a runtime computes. */
export interface Compiled<Args extends readonly unknown[], Result> {
  run(...args: Args): Promise<Result>;
  dispose(): Promise<void>;
}

/** What a program takes and returns. */
export interface Signature {
  /** A tree of specs for every argument. */
  args: readonly unknown[];
  /** A tree of specs. */
  result: unknown;
  /** Which arrays of the result stay on the device. */
  onDevice: readonly boolean[];
  /** Which arrays of the arguments a run takes over, where they are on the device. */
  donated: readonly boolean[];
  /** Arrays that every run takes before its arguments. */
  residents: readonly Resident[];
}

/**
 * A compiled function. Runs off the calling thread; dispose it when you are done, at any moment: runs under way are rejected.
 *
 * @typeParam Args - trees of operands, one for every argument that is not constant
 * @typeParam Result - tree of typed arrays and of device arrays
 */
export class Program<Args extends readonly unknown[], Result> implements Compiled<Args, Result> {
  /** What `run` returns, with a spec for every array. */
  readonly outputs: Mapped<Result, Operand, Spec>;
  readonly #runtime: Runtime;
  readonly #session: Session;
  readonly #inputs: readonly [path: string, spec: Spec][];
  readonly #specs: readonly Spec[];
  readonly #onDevice: readonly boolean[];
  readonly #donated: readonly boolean[];
  readonly #residents: readonly Resident[];
  readonly #lifetime = new Lifetime("This program");

  /** @internal Use `compile`. */
  constructor(runtime: Runtime, session: Session, { args, result, onDevice, donated, residents }: Signature) {
    this.#runtime = runtime;
    this.#session = session;
    this.#inputs = entries(args) as [string, Spec][];
    this.outputs = result as Mapped<Result, Operand, Spec>;
    this.#specs = leaves(result) as Spec[];
    this.#onDevice = onDevice;
    this.#donated = donated;
    this.#residents = residents;
  }

  /** Memory of the device that a run takes; undefined where the device does not say. */
  get memory(): ProgramMemory | undefined {
    return this.#session.memory;
  }

  /**
   * Runs the program. Typed arrays are copied to the runtime's thread, device arrays are there already; neither is
   * consumed, but for device arrays of donated arguments, which are disposed of.
   *
   * @returns the tree that the function returned, with typed arrays, or device arrays where they were to stay
   * @throws TypeError or RangeError when an array is not of the type and size that the program was compiled for
   */
  run(...args: Args): Promise<Result> {
    return this.#lifetime.during(() => this.#run(args));
  }

  async #run(args: Args): Promise<Result> {
    const operands = leaves<unknown>(args) as Operand[];
    if (operands.length !== this.#inputs.length) {
      throw new Error(`Expected ${this.#inputs.length} arrays, got ${operands.length}.`);
    }
    const given = this.#inputs.map(([path, spec], index) => {
      const operand = operands[index];
      if (!(operand instanceof DeviceArray)) {
        checkElements(operand, spec, `argument ${path}`);
        return operand;
      }
      operand.assertAlive();
      if (operand.spec.dtype !== spec.dtype || !sameShape(operand.spec.shape, spec.shape)) {
        throw new TypeError(`argument ${path}: expected ${spec}, got a device array of ${operand.spec}`);
      }
      return operand.id;
    });
    const inputs = [...this.#residents.map(({ array }) => array.id), ...given];
    const keep = this.#onDevice.map((stays) => (stays ? this.#runtime.nextId() : null));
    const request = { kind: "run", program: this.#session.number, inputs, keep } as const;
    const answer = this.#runtime.request(request);
    operands.forEach((operand, index) => {
      if (this.#donated[index] && operand instanceof DeviceArray) operand.dispose();
    });
    const results = (await answer) as (TypedArray | null)[];
    if (this.#lifetime.over) for (const array of keep) if (array !== null) this.#runtime.free(array);
    const values = results.map(
      (result, index) => result ?? new DeviceArray(this.#runtime, keep[index]!, this.#specs[index]),
    );
    return rebuild(this.outputs, values) as Result;
  }

  /** Frees the session, unless another program shares it. Calling it again is harmless. */
  dispose(): Promise<void> {
    return this.#lifetime.end(() => {
      for (const resident of this.#residents) resident.release();
      return this.#session.release();
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}
