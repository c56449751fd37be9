/** @file Compiled functions. */
import { DeviceArray, type Runtime } from "./runtime/runtime.js";
import type { Session } from "./sessions.js";
import { checkElements, type Spec, type TypedArray } from "./spec.js";
import { entries, leaves, rebuild, type Tree } from "./tree.js";

/** A leaf of what goes into a program. */
export type Operand = TypedArray | DeviceArray;

/** A compiled function. Runs off the calling thread; dispose it when done. */
export class Program {
  readonly #runtime: Runtime;
  readonly #session: Session;
  readonly #inputs: readonly [path: string, spec: Spec][];
  readonly #keep: readonly boolean[];
  #disposed = false;

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
  async run(...args: Tree<Operand>[]): Promise<Tree<Operand>> {
    if (this.#disposed) throw new Error("This program has been disposed already.");
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
    const specs = leaves<Spec>(this.outputs);
    const values = results.map((result, index) => result ?? new DeviceArray(this.#runtime, keep[index]!, specs[index]));
    return rebuild(this.outputs, values);
  }

  /** Frees the session, unless another program shares it. */
  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    await this.#session.release();
  }
}
