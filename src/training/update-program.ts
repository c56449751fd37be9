/** @file The compiled update: Adamax and the moving average, a pack of parameters at a time. */
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

/** Compiles the update of a configuration's parameters. */
export async function compileUpdate(config: Config, runtime?: Runtime): Promise<UpdateProgram> {
  const packs = weightPacking(parameterSpecs(config)).specs;
  const programs = await Promise.all(packs.map((pack) => compilePack(config, pack, runtime)));
  return {
    run: async (state, gradients, scalars) => {
      const after = { parameters: [], ema: [], firstMoment: [], infinityNorm: [] } as OptimizerState<DeviceArray[]>;
      for (const [index, program] of programs.entries()) {
        const before = stateOf((part) => state[part][index]);
        const renewed = (await program.run(before, gradients[index], { ...scalars })) as typeof before;
        for (const array of [...Object.values(before), gradients[index]]) array.dispose();
        stateOf((part) => after[part].push(renewed[part]));
      }
      return after;
    },
    dispose: async () => {
      for (const program of programs) await program.dispose();
    },
  };
}

/** One value for every part of the state. */
function stateOf<T>(value: (part: keyof OptimizerState<T>) => T) {
  const [parameters, ema] = [value("parameters"), value("ema")];
  return { parameters, ema, firstMoment: value("firstMoment"), infinityNorm: value("infinityNorm") };
}

function compilePack({ optimizer }: Config, pack: Spec, runtime?: Runtime): Promise<Program> {
  const update = (
    state: OptimizerState<np.Array>,
    gradients: np.Array,
    scalars: { stepSize: np.Array; emaDecay: np.Array },
  ) => adamaxUpdate(state, gradients, scalars, optimizer);
  const moments = spec(pack.shape, optimizer.stateType);
  const state = { parameters: pack, ema: pack, firstMoment: moments, infinityNorm: moments };
  const keptAs = { firstMoment: optimizer.stateType, infinityNorm: optimizer.stateType };
  const args = [state, pack, { stepSize: spec([]), emaDecay: spec([]) }];
  return compile(update, args, { runtime, keep: stateOf(() => true), keptAs });
}
