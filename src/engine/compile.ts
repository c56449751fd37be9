/** @file From a jax-js function to a program that ONNX Runtime runs. */
import { createHash } from "node:crypto";
import type { Graph } from "./graph.js";
import { blockSize } from "./onnx/block-size.js";
import { inputName, lowerToOnnx, outputName } from "./onnx/lower.js";
import { contractDots } from "./passes/contract-dots.js";
import { convolutionForms } from "./passes/convolution-forms.js";
import { convolutionsToProducts } from "./passes/convolutions-to-products.js";
import { removeDeadCode } from "./passes/dead-code.js";
import { simplify } from "./passes/simplify.js";
import { DeviceArray, defaultRuntime, type Runtime } from "./runtime/runtime.js";
import { checkElements, type Spec, type TypedArray } from "./spec.js";
import { trace } from "./trace.js";
import { entries, leaves, rebuild, type Tree } from "./tree.js";

export interface CompileOptions {
  /** Where the program runs; by default the one runtime that the process shares. */
  runtime?: Runtime;
  /**
   * Elements of whole arguments, by position, that never change: they become part of the program, which lets the runtime
   * lay weights out as it likes best. Such arguments are left out when the program is run.
   */
  constants?: readonly (Tree<TypedArray> | undefined)[];
  /** Entries of the returned array or object, by index or key, that stay on the device as `DeviceArray`s. */
  keep?: Readonly<Record<string | number, boolean>>;
}

/** A leaf of what goes into a program. */
export type Operand = TypedArray | DeviceArray;

/** The passes, in order. Each takes and returns a graph. */
const passes = [
  simplify,
  contractDots,
  convolutionsToProducts,
  simplify,
  removeDeadCode,
  convolutionForms,
  removeDeadCode,
];

/** Traces `fn` and makes the graph that runs: what `compile` hands to the runtime. */
export function prepare(
  fn: (...args: never[]) => unknown,
  args: readonly Tree<Spec>[],
  constants: CompileOptions["constants"] = [],
): { graph: Graph; outputs: Tree<Spec> } {
  const { graph, outputs } = trace(fn, args);
  const bound = bindConstants(graph, args, constants);
  return { graph: passes.reduce((current, pass) => pass(current), bound), outputs };
}

/** Turns the inputs of constant arguments into constants. */
function bindConstants(graph: Graph, args: readonly Tree<Spec>[], constants: CompileOptions["constants"]): Graph {
  const known = new Map(graph.constants);
  const inputs = [...graph.inputs];
  const open = args.flatMap((arg, position) => {
    const specs = entries<Spec>(arg);
    const values = inputs.splice(0, specs.length);
    const given = constants?.[position];
    if (given === undefined) return values;
    const data = leaves<TypedArray>(given);
    if (data.length !== specs.length) {
      throw new Error(`Constant argument ${position}: expected ${specs.length} arrays, got ${data.length}.`);
    }
    specs.forEach(([path, spec], index) => {
      checkElements(data[index], spec, `constant argument ${position}${path && `, ${path}`}`);
      known.set(values[index], data[index]);
    });
    return [];
  });
  return { ...graph, inputs: open, constants: known };
}

/** A session of the runtime, shared by all programs with the same content. */
interface Session {
  number: Promise<number>;
  users: number;
}

const sessions = new WeakMap<Runtime, Map<string, Session>>();

function sessionsOf(runtime: Runtime): Map<string, Session> {
  const known = sessions.get(runtime) ?? new Map<string, Session>();
  sessions.set(runtime, known);
  return known;
}

/**
 * Compiles a function of jax-js arrays.
 *
 * Tracing needs shapes only: `fn` is called once with abstract arrays. Programs with the same content share one session.
 *
 * @param fn - takes trees of arrays, returns one; owns its arguments
 * @param exampleArgs - for every argument a tree of specs
 * @throws Error naming the primitive and the function it came from when `fn` uses an operation the engine lacks
 */
export async function compile(
  fn: (...args: never[]) => unknown,
  exampleArgs: readonly Tree<Spec>[],
  { runtime = defaultRuntime(), constants = [], keep = {} }: CompileOptions = {},
): Promise<Program> {
  const { graph, outputs } = prepare(fn, exampleArgs, constants);
  const model = lowerToOnnx(graph, await blockSize(runtime));
  const key = createHash("sha256").update(model).digest("hex");
  const known = sessionsOf(runtime);
  let session = known.get(key);
  if (!session) {
    const info =
      (name: (index: number) => string) =>
      (atom: { shape: readonly number[]; dtype: Spec["dtype"] }, index: number) => ({
        name: name(index),
        dtype: atom.dtype,
        shape: [...atom.shape],
      });
    const optimise = constants.some((constant) => constant !== undefined);
    const inputs = graph.inputs.map(info(inputName));
    const loading = runtime.load(model, inputs, graph.outputs.map(info(outputName)), optimise);
    session = { number: loading, users: 0 };
    known.set(key, session);
  }
  session.users++;
  const release = async () => {
    session.users--;
    if (session.users > 0) return;
    known.delete(key);
    const number = await session.number;
    if (!runtime.closed) await runtime.request({ kind: "unload", program: number });
  };
  try {
    const number = await session.number;
    const args = exampleArgs.filter((_, position) => constants[position] === undefined);
    return new Program(runtime, number, args, outputs, keep, release);
  } catch (error) {
    known.delete(key);
    throw error;
  }
}

/** A compiled function. Runs off the calling thread; dispose it when done. */
export class Program {
  readonly #runtime: Runtime;
  readonly #number: number;
  readonly #inputs: readonly [path: string, spec: Spec][];
  readonly #keep: readonly boolean[];
  readonly #release: () => Promise<void>;
  #disposed = false;

  /** @internal Use `compile`. */
  constructor(
    runtime: Runtime,
    number: number,
    args: readonly Tree<Spec>[],
    /** What `run` returns, with a spec for every array. */
    readonly outputs: Tree<Spec>,
    keep: Readonly<Record<string, boolean>>,
    release: () => Promise<void>,
  ) {
    this.#runtime = runtime;
    this.#number = number;
    this.#inputs = entries<Spec>(args as Tree<Spec>[]);
    this.#release = release;
    this.#keep = entries<Spec>(outputs).map(([path]) => keep[path.split(".")[0]] ?? false);
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
    const request = { kind: "run", program: this.#number, inputs, keep } as const;
    const results = (await this.#runtime.request(request)) as (TypedArray | null)[];
    const specs = leaves<Spec>(this.outputs);
    const values = results.map((result, index) => result ?? new DeviceArray(this.#runtime, keep[index]!, specs[index]));
    return rebuild(this.outputs, values);
  }

  /** Frees the session, unless another program shares it. */
  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    await this.#release();
  }
}
