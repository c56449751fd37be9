/** @file From a jax-js function to a program that a device runs. */
import type { numpy as np } from "@jax-js/jax";
import { cachedAsync } from "./disk-cache.js";
import type { Graph } from "./graph/graph.js";
import { type LoweredProgram, loweredProgram } from "./lowered-program.js";
import { onnxTarget } from "./onnx/target.js";
import { type Operand, Program } from "./program.js";
import { acquireResident, type Resident } from "./runtime/residents.js";
import { type DeviceArray, defaultRuntime, type Runtime } from "./runtime/runtime.js";
import { acquireSession } from "./runtime/sessions.js";
import { checkElements, type DType, type ElementsOf, type Spec, sameShape, type TypedArray } from "./spec.js";
import type { Precision } from "./stablehlo/function-body.js";
import type { Target } from "./target.js";
import { targetOf } from "./targets.js";
import { trace } from "./trace/trace.js";
import { entries, leaves, type Mapped } from "./tree.js";

/** One choice for the whole result, or one for each entry of the array or object that a function returns, by index or key. */
type PerEntry<T> = T | { readonly [entry: string | number]: T };

/** What was chosen for the entry `Key`. */
type ChoiceFor<Choices, Key, Default> = Choices extends object
  ? Key extends keyof Choices
    ? Choices[Key]
    : Default
  : Choices;

/** How {@link compile} compiles, and what stays on the device. */
export interface CompileOptions<
  Constants extends readonly unknown[] = readonly unknown[],
  OnDevice extends PerEntry<boolean> = PerEntry<boolean>,
  Dtypes extends PerEntry<DType> = PerEntry<DType>,
> {
  /** Where the program runs; by default the one runtime that the process shares. */
  runtime?: Runtime;
  /**
   * Elements of the first arguments, which never change. Where the device likes that, they become part of the program, which lets
   * it lay weights out as it likes best; elsewhere they are put there once. These arguments are left out when the program is run.
   */
  constants?: Constants;
  /**
   * Types in which results leave, where that is not float32: bfloat16 to save memory; a result that comes out in another
   * type and is read as such.
   */
  outputDtypes?: Dtypes;
  /** Recompute the inside of blocks between `checkpoint`s in the backward part: less memory, more time. Default: no. */
  rematerialise?: boolean;
  /** Results that stay on the device, as `DeviceArray`s in a type of their own. Default: none. */
  keepOnDevice?: OnDevice;
  /**
   * Arguments, without the constant ones, whose device arrays a run takes over: a result may be written where they lie, and
   * they are disposed of. Default: none.
   */
  donated?: readonly boolean[];
  /**
   * Arguments, without the constant ones, whose arrays have a row for every image: where a runtime has several devices, each
   * computes with its share of the rows. Default: none, so that every device does all.
   */
  divided?: readonly boolean[];
  /** How exactly products are computed, where not as the runtime does by default. Only XLA rounds them. */
  precision?: Precision;
  /**
   * Says all that `fn` depends on besides the shapes of its arguments: its code, its configuration. With it the program
   * is kept on disk, and `fn` is not traced again. Programs with constants are not kept.
   */
  cacheKey?: string;
}

/** What a function of these specs takes while it is traced. */
export type TracedArgs<Args extends readonly unknown[]> = {
  -readonly [I in keyof Args]: Mapped<Args[I], Spec, np.Array>;
};

/** What a program takes for a tree of specs. */
export type Given<T> = T extends Spec
  ? Operand
  : T extends readonly unknown[]
    ? { readonly [I in keyof T]: Given<T[I]> }
    : T extends object
      ? { [K in keyof T]: Given<T[K]> }
      : T;

/** What the program takes: the arguments after the constant ones. */
export type OpenArgs<
  Args extends readonly unknown[],
  Constants extends readonly unknown[],
> = Constants extends readonly [unknown, ...infer MoreConstants]
  ? Args extends readonly [unknown, ...infer MoreArgs]
    ? OpenArgs<MoreArgs, MoreConstants>
    : []
  : { -readonly [I in keyof Args]: Given<Args[I]> };

type Returned<Result, OnDevice, Dtype extends DType> = Mapped<
  Result,
  np.Array,
  OnDevice extends true ? DeviceArray : ElementsOf[Dtype]
>;

/** What the program returns for what the function returned. */
export type ResultOf<Result, OnDevice = false, Dtypes = "float32"> = Result extends np.Array
  ? Returned<Result, OnDevice, Extract<Dtypes, DType>>
  : {
      [K in keyof Result]: Returned<
        Result[K],
        ChoiceFor<OnDevice, K, false>,
        Extract<ChoiceFor<Dtypes, K, "float32">, DType>
      >;
    };

export interface PrepareOptions extends Pick<CompileOptions, "constants" | "rematerialise" | "outputDtypes"> {
  /** Default: ONNX, for a machine without blocked convolutions. */
  target?: Target;
}

/** Traces `fn` and makes the graph that runs: what `compile` hands to the runtime. */
export function prepare<const Args extends readonly unknown[], Result>(
  fn: (...args: TracedArgs<Args>) => Result,
  args: Args,
  { constants = [], rematerialise = false, target = onnxTarget(0), outputDtypes }: PrepareOptions = {},
): { graph: Graph; outputs: Mapped<Result, np.Array, Spec> } {
  const { graph, outputs } = trace(fn, args, (path) => choiceFor(outputDtypes, path));
  const bound = bindConstants(graph, args, constants);
  return { graph: target.passes(rematerialise).reduce((current, pass) => pass(current), bound), outputs };
}

/** What was chosen for the array at a path of the result. */
function choiceFor<T>(choices: PerEntry<T> | undefined, path: string): T | undefined {
  return typeof choices === "object" && choices !== null
    ? (choices as Readonly<Record<string, T>>)[path.split(".")[0]]
    : choices;
}

/** What was said of an argument, for every array of it. */
const perLeaf = (args: readonly unknown[], choices: readonly boolean[] = []): boolean[] =>
  args.flatMap((arg, index) => leaves(arg).map(() => choices[index] ?? false));

const indices = (flags: readonly boolean[]): Set<number> =>
  new Set(flags.flatMap((flag, index) => (flag ? [index] : [])));

/** For each donated input the first result that stays on the device, fits where the input lies, and has no such place yet. */
function places(
  donated: readonly boolean[],
  specs: readonly Spec[],
  results: readonly [path: string, spec: Spec][],
  { keepOnDevice }: CompileOptions,
): Map<number, number> {
  const open = new Set(results.keys());
  const found = new Map<number, number>();
  for (const input of indices(donated)) {
    const fits = [...open].find((output) => {
      const [path, { dtype, shape }] = results[output];
      return choiceFor(keepOnDevice, path) && dtype === specs[input].dtype && sameShape(shape, specs[input].shape);
    });
    if (fits === undefined) continue;
    open.delete(fits);
    found.set(input, fits);
  }
  return found;
}

/** The arrays of constant arguments, on the device. */
const residentArrays = (args: readonly unknown[], constants: readonly unknown[], runtime: Runtime): Resident[] =>
  constants.flatMap((constant, position) =>
    constantLeaves(args[position], constant, position).map(([spec, data]) => acquireResident(data, spec, runtime)),
  );

/** The arrays of a constant argument, each with its spec. */
function constantLeaves(arg: unknown, constant: unknown, position: number): [spec: Spec, data: TypedArray][] {
  const specs = entries(arg) as [path: string, spec: Spec][];
  const data = leaves(constant);
  if (data.length !== specs.length) {
    throw new Error(`Constant argument ${position}: expected ${specs.length} arrays, got ${data.length}.`);
  }
  return specs.map(([path, spec], index) => {
    const elements: unknown = data[index];
    checkElements(elements, spec, `constant argument ${position}${path && `, ${path}`}`);
    return [spec, elements];
  });
}

/** Turns the inputs of constant arguments into constants. */
function bindConstants(graph: Graph, args: readonly unknown[], constants: readonly unknown[]): Graph {
  const known = new Map(graph.constants);
  const inputs = [...graph.inputs];
  constants.forEach((constant, position) => {
    for (const [, data] of constantLeaves(args[position], constant, position)) known.set(inputs.shift()!, data);
  });
  return { ...graph, inputs, constants: known };
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

/** Results that come to the host are of float32 unless the caller says otherwise: no change of type goes unnoticed. */
function checkOutputDtypes(outputs: readonly [path: string, spec: Spec][], options: CompileOptions): void {
  for (const [path, { dtype }] of outputs) {
    if (dtype === "float32" || choiceFor(options.keepOnDevice, path) || choiceFor(options.outputDtypes, path)) continue;
    throw new TypeError(
      `Expected float32 in the result${path && `, ${path}`}, got ${dtype}. Name its type in outputDtypes, or cast it.`,
    );
  }
}

/**
 * Compiles a function of jax-js arrays.
 *
 * Tracing needs shapes only: `fn` is called once with abstract arrays. Programs with the same content share one session.
 *
 * @param fn - takes trees of arrays, returns one; owns its arguments
 * @param exampleArgs - for every argument a tree of specs
 * @throws Error naming the primitive and the function it came from when `fn` uses an operation the engine lacks; where it
 *   uses float64 on a device other than the CPU; TypeError where a result of another type than float32 is not named
 */
export async function compile<
  const Args extends readonly unknown[],
  Result,
  const Constants extends readonly unknown[] = [],
  const OnDevice extends PerEntry<boolean> = false,
  const Dtypes extends PerEntry<DType> = "float32",
>(
  fn: (...args: TracedArgs<Args>) => Result,
  exampleArgs: Args,
  options: CompileOptions<Constants, OnDevice, Dtypes> = {},
): Promise<Program<OpenArgs<Args, Constants>, ResultOf<Result, OnDevice, Dtypes>>> {
  const {
    runtime = defaultRuntime(),
    constants = [],
    rematerialise = false,
    outputDtypes,
    donated,
    divided,
    cacheKey,
    precision,
  } = options;
  const target = await targetOf(runtime, precision);
  const folded = runtime.traits.foldsConstants ? constants : [];
  const resident = runtime.traits.foldsConstants ? [] : constants;
  const args = exampleArgs.slice(folded.length);
  const flags = (choices: readonly boolean[] = []) => perLeaf(args, [...resident.map(() => false), ...choices]);
  const lower = async (): Promise<LoweredProgram> => {
    const { graph, outputs } = prepare(fn, exampleArgs, { constants: folded, rematerialise, outputDtypes, target });
    if (!runtime.traits.float64) refuseFloat64(graph, runtime.device);
    const results = entries(outputs) as [string, Spec][];
    checkOutputDtypes(results, options);
    const use = {
      donated: places(flags(donated), leaves(args) as Spec[], results, options),
      divided: indices(flags(divided)),
    };
    return { ...(await target.lower(graph, use)), returned: outputs };
  };
  const shapes = entries(exampleArgs).map(([path, spec]) => `${path} ${spec}`);
  const lowered =
    cacheKey === undefined || folded.length > 0
      ? await lower()
      : await cachedAsync(
          JSON.stringify([cacheKey, shapes, rematerialise, outputDtypes, donated, divided, target.key, runtime.device]),
          loweredProgram,
          lower,
        );
  const result = lowered.returned;
  const onDevice = entries(result).map(([path]) => choiceFor<boolean>(options.keepOnDevice, path) ?? false);
  const session = await acquireSession(lowered, runtime, onDevice, folded.length > 0);
  const residents = residentArrays(exampleArgs, resident, runtime);
  const open = args.slice(resident.length);
  return new Program(runtime, session, { args: open, result, onDevice, donated: perLeaf(open, donated), residents });
}
