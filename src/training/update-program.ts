/** @file The compiled update: Adamax and the moving average, a few packs of parameters at a time. */
import type { numpy as np } from "@jax-js/jax";
import type { Config } from "../config/index.js";
import {
  compile,
  type DeviceArray,
  type Program,
  type Runtime,
  type Spec,
  spec,
  type TypedArray,
} from "../engine/index.js";
import { weightPacking } from "../generation/compiled.js";
import { parameterSpecs } from "../generation/trained-model.js";
import { adamaxUpdate, type OptimizerState } from "./adamax.js";

/** What an update reads and renews, besides the spectral vectors: packs of each. */
export type Optimized<T> = OptimizerState<readonly T[]>;

/** The constants of one update, each a scalar. */
export interface UpdateScalars {
  /** Of `adamaxStepSize`. */
  stepSize: TypedArray;
  /** Of `averageDecay`. */
  emaDecay: TypedArray;
}

export interface UpdateProgram {
  /** Renews the state. Consumes state and gradients: their arrays are freed as soon as they are replaced. */
  run(
    state: Optimized<DeviceArray>,
    gradients: readonly DeviceArray[],
    scalars: UpdateScalars,
  ): Promise<Optimized<DeviceArray>>;
  dispose(): Promise<void>;
}

/** Elements that one run of a program renews, at least: fewer runs, but more of the state twice in memory at a time. */
const LEAST = 1e6;

/** Compiles the update of a configuration's parameters: a program for every few packs. */
export async function compileUpdate(config: Config, runtime?: Runtime): Promise<UpdateProgram> {
  const batches = inBatches(weightPacking(parameterSpecs(config)).specs);
  const programs = await Promise.all(batches.map((packs) => compileBatch(config, packs, runtime)));
  const starts = batches.map((_, index) => batches.slice(0, index).flat().length);
  return {
    run: async (state, gradients, scalars) => {
      const updates = programs.map((program, index) => {
        const [start, end] = [starts[index], starts[index] + batches[index].length];
        const before = stateOf((part) => state[part].slice(start, end));
        const fresh = gradients.slice(start, end);
        const update = program.run(before, fresh, { ...scalars }) as unknown as Promise<typeof before>;
        // Requests are answered in order: by the time that these are freed, they have been used.
        for (const array of [...Object.values(before).flat(), ...fresh]) array.dispose();
        return update;
      });
      const renewed = await Promise.all(updates);
      return stateOf((part) => renewed.flatMap((after) => after[part]));
    },
    dispose: async () => {
      for (const program of programs) await program.dispose();
    },
  };
}

/** Packs in turn, until a batch has enough elements. */
function inBatches(packs: readonly Spec[]): Spec[][] {
  const batches: Spec[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const pack of packs) {
    if (size >= LEAST) {
      batches.push([]);
      size = 0;
    }
    batches[batches.length - 1].push(pack);
    size += pack.size;
  }
  return batches;
}

/** One value for every part of the state. */
function stateOf<T>(value: (part: keyof OptimizerState<T>) => T) {
  const [parameters, ema] = [value("parameters"), value("ema")];
  return { parameters, ema, firstMoment: value("firstMoment"), infinityNorm: value("infinityNorm") };
}

function compileBatch({ optimizer }: Config, packs: readonly Spec[], runtime?: Runtime): Promise<Program> {
  const update = (
    state: OptimizerState<np.Array[]>,
    gradients: np.Array[],
    scalars: { stepSize: np.Array; emaDecay: np.Array },
  ) => adamaxUpdate(state, gradients, scalars, optimizer);
  const moments = packs.map(({ shape }) => spec(shape, optimizer.stateType));
  const state = { parameters: [...packs], ema: [...packs], firstMoment: moments, infinityNorm: moments };
  const keptAs = { firstMoment: optimizer.stateType, infinityNorm: optimizer.stateType };
  const args = [state, [...packs], { stepSize: spec([]), emaDecay: spec([]) }];
  return compile(update, args, { runtime, keep: stateOf(() => true), keptAs });
}
