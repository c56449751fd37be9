/** @file From a jax-js function to a program that ONNX Runtime runs. */

import { cached } from "./disk-cache.js";
import type { Graph } from "./graph.js";
import { type LoweredProgram, loweredProgram } from "./lowered-program.js";
import { blockSize } from "./onnx/block-size.js";
import { lowerToOnnx } from "./onnx/lower.js";
import { contractDots } from "./passes/contract-dots.js";
import { convolutionForms } from "./passes/convolution-forms.js";
import { convolutionsToProducts } from "./passes/convolutions-to-products.js";
import { removeDeadCode } from "./passes/dead-code.js";
import { earlyResults } from "./passes/early-results.js";
import { filterGradients } from "./passes/filter-gradients.js";
import { imageResampling } from "./passes/image-resampling.js";
import { pooling } from "./passes/pooling.js";
import { dropCheckpoints, rematerialise } from "./passes/rematerialise.js";
import { simplify } from "./passes/simplify.js";
import { Program } from "./program.js";
import { defaultRuntime, type Runtime } from "./runtime/runtime.js";
import { acquireSession } from "./sessions.js";
import { checkElements, type Spec, type TypedArray } from "./spec.js";
import { type KeptAs, trace } from "./trace.js";
import { entries, leaves, type Tree } from "./tree.js";

export interface CompileOptions {
  /** Where the program runs; by default the one runtime that the process shares. */
  runtime?: Runtime;
  /**
   * Elements of whole arguments, by position, that never change: they become part of the program, which lets the runtime
   * lay weights out as it likes best. Such arguments are left out when the program is run.
   */
  constants?: readonly (Tree<TypedArray> | undefined)[];
  /** Types other than their own in which entries of the returned array or object leave, by index or key: bfloat16 to save memory. */
  keptAs?: KeptAs;
  /** Compute the inside of blocks between `checkpoint`s again in the backward part: less memory, more time. Default: no. */
  rematerialise?: boolean;
  /** Entries of the returned array or object, by index or key, that stay on the device as `DeviceArray`s. */
  keep?: Readonly<Record<string | number, boolean>>;
  /**
   * Says all that `fn` depends on besides the shapes of its arguments: its code, its configuration. With it the program
   * is kept on disk, and `fn` is not traced again. Programs with constants are not kept.
   */
  cacheKey?: string;
}

export interface PrepareOptions extends Pick<CompileOptions, "constants" | "rematerialise" | "keptAs"> {
  /** Channels to a block of the machine's blocked convolutions; 0, the default, where it has none. */
  block?: number;
}

/** The passes, in order. Each takes and returns a graph. */
const passes = (block: number, rematerialised: boolean) => [
  removeDeadCode,
  ...(rematerialised ? [] : [dropCheckpoints]),
  simplify,
  contractDots,
  imageResampling,
  pooling,
  filterGradients(block),
  convolutionsToProducts,
  simplify,
  removeDeadCode,
  convolutionForms,
  removeDeadCode,
  earlyResults,
  ...(rematerialised ? [rematerialise] : []),
];

/** Traces `fn` and makes the graph that runs: what `compile` hands to the runtime. */
export function prepare(
  fn: (...args: never[]) => unknown,
  args: readonly Tree<Spec>[],
  { constants = [], rematerialise: rematerialised = false, block = 0, keptAs }: PrepareOptions = {},
): { graph: Graph; outputs: Tree<Spec> } {
  const { graph, outputs } = trace(fn, args, keptAs);
  const bound = bindConstants(graph, args, constants);
  const inOrder = passes(block, rematerialised);
  return { graph: inOrder.reduce((current, pass) => pass(current), bound), outputs };
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

/** Graphics processors have no float64, and what ONNX Runtime would compute elsewhere instead could not stay on the device. */
function refuseFloat64(graph: Graph, device: string): void {
  const values = [...graph.inputs, ...graph.constants.keys(), ...graph.equations.flatMap(({ outputs }) => outputs)];
  const found = values.find(({ dtype }) => dtype === "float64");
  if (!found) return;
  throw new Error(
    `Expected a program without float64 on ${device}, which cannot compute in it, got one with float64[${found.shape}]. ` +
      "Compile it for a runtime on the CPU.",
  );
}

/**
 * Compiles a function of jax-js arrays.
 *
 * Tracing needs shapes only: `fn` is called once with abstract arrays. Programs with the same content share one session.
 *
 * @param fn - takes trees of arrays, returns one; owns its arguments
 * @param exampleArgs - for every argument a tree of specs
 * @throws Error naming the primitive and the function it came from when `fn` uses an operation the engine lacks; where it
 *   uses float64 on a device other than the CPU
 */
export async function compile(
  fn: (...args: never[]) => unknown,
  exampleArgs: readonly Tree<Spec>[],
  { runtime = defaultRuntime(), keep = {}, cacheKey, ...options }: CompileOptions = {},
): Promise<Program> {
  const { constants = [], rematerialise = false, keptAs = {} } = options;
  const block = await blockSize(runtime);
  const lower = (): LoweredProgram => {
    const { graph, outputs } = prepare(fn, exampleArgs, { constants, rematerialise, keptAs, block });
    if (runtime.device !== "cpu") refuseFloat64(graph, runtime.device);
    return { ...lowerToOnnx(graph, block), returned: outputs };
  };
  const shapes = entries<Spec>(exampleArgs as Tree<Spec>[]).map(([path, spec]) => `${path} ${spec}`);
  const hasConstants = constants.some((constant) => constant !== undefined);
  const lowered =
    cacheKey === undefined || hasConstants
      ? lower()
      : cached(JSON.stringify([cacheKey, shapes, rematerialise, keptAs, block, runtime.device]), loweredProgram, lower);
  const kept = entries<Spec>(lowered.returned).map(([path]) => keep[path.split(".")[0]] ?? false);
  const session = await acquireSession(lowered, runtime, kept, hasConstants);
  const args = exampleArgs.filter((_, position) => constants[position] === undefined);
  return new Program(runtime, session, args, lowered.returned, kept);
}
