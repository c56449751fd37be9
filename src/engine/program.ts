/** @file Compiled functions. */
import { Lifetime } from "../lifetime.js";
import { DeviceArray, type Runtime } from "./runtime/runtime.js";
import type { Session } from "./sessions.js";
import { checkElements, type Spec, type TypedArray } from "./spec.js";
import { entries, leaves, rebuild, type Tree } from "./tree.js";

/** A leaf of what goes into a program. */
export type Operand = TypedArray | DeviceArray;

/** A compiled function. Runs off the calling thread; dispose it when done, at any moment: runs under way are rejected. */
export class Program {
  readonly #runtime: Runtime;
  readonly #session: Session;
  readonly #inputs: readonly [path: string, spec: Spec][];
  readonly #keep: readonly boolean[];
  readonly #lifetime = new Lifetime("This program");

  /** @internal Use `compile`. */
  constructor(
    runtime: Runtime,
    session: Session,
    args: readonly Tree<Spec>[],
    /** What `run` returns, with a spec for every array. */
    readonly outputs: Tree<Spec>,
    /** Which of its arrays stay on the device. */
    keep: readonly boolean[],
  ) {
    this.#runtime = runtime;
    this.#session = session;
    this.#inputs = entries<Spec>(args as Tree<Spec>[]);
    this.#keep = keep;
  }

  /**
   * Runs the program. Typed arrays are copied to the runtime's thread, device arrays are there already; neither is
   * consumed.
   *
   * @param args - a tree for every argument that is not constant, shaped like the example
   * @returns the tree that the function returned, with typed arrays, or device arrays where they were to stay
   */
  run(...args: Tree<Operand>[]): Promise<Tree<Operand>> {
    return this.#lifetime.during(() => this.#run(args));
  }

  async #run(args: Tree<Operand>[]): Promise<Tree<Operand>> {
    const operands = leaves<Operand>(args as Tree<Operand>[]);
    if (operands.length !== this.#inputs.length) {
      throw new Error(`Expected ${this.#inputs.length} arrays, got ${operands.length}.`);
    }
    const inputs = this.#inputs.map(([path, spec], index) => {
      const operand = operands[index];
      if (!(operand instanceof DeviceArray)) {
        checkElements(operand, spec, `argument ${path}`);
        return operand;
      }
      operand.assertAlive();
      if (String(operand.spec) !== String(spec)) {
        throw new TypeError(`argument ${path}: expected ${spec}, got a device array of ${operand.spec}`);
      }
      return operand.id;
    });
    const keep = this.#keep.map((stays) => (stays ? this.#runtime.name() : null));
    const request = { kind: "run", program: this.#session.number, inputs, keep } as const;
    const results = (await this.#runtime.request(request)) as (TypedArray | null)[];
    if (this.#lifetime.over) for (const array of keep) if (array !== null) this.#runtime.free(array);
    const specs = leaves<Spec>(this.outputs);
    const values = results.map((result, index) => result ?? new DeviceArray(this.#runtime, keep[index]!, specs[index]));
    return rebuild(this.outputs, values);
  }

  /** Frees the session, unless another program shares it. Calling it again is harmless. */
  dispose(): Promise<void> {
    return this.#lifetime.end(() => this.#session.release());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}
