/** @file The compiled update: Adamax and the moving average, some parameters at a time, so that old and new seldom coexist. */
import type { numpy as np } from "@jax-js/jax";
import type { Config } from "../config/index.js";
import {
  compile,
  type DeviceArray,
  leaves,
  type Runtime,
  rebuild,
  type Spec,
  spec,
  type Tree,
  type TypedArray,
} from "../engine/index.js";
import { parameterSpecs } from "../generation/trained-model.js";
import type { ModelParameters } from "../model/index.js";
import { adamaxUpdate, type OptimizerState } from "./adamax.js";

/** What an update reads and renews, besides the spectral vectors. */
export type Optimized<T> = OptimizerState<ModelParameters<T>>;

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
    gradients: ModelParameters<DeviceArray>,
    scalars: UpdateScalars,
  ): Promise<Optimized<DeviceArray>>;
  dispose(): Promise<void>;
}

/** Parameters renewed by one program, at least: 32 MB of each of their arrays. */
const PORTION = 8e6;

const PARTS = ["parameters", "ema", "firstMoment", "infinityNorm"] as const;

/** Consecutive leaves, each portion the shortest with `PORTION` elements or more. */
export function portionsOf(specs: readonly Spec[], least = PORTION): Spec[][] {
  const portions: Spec[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const leaf of specs) {
    if (size >= least) {
      portions.push([]);
      size = 0;
    }
    portions[portions.length - 1].push(leaf);
    size += leaf.size;
  }
  return portions;
}

/** Compiles the update of a configuration's parameters. */
export async function compileUpdate(config: Config, runtime?: Runtime): Promise<UpdateProgram> {
  const portions = portionsOf(leaves<Spec>(parameterSpecs(config) as Tree<Spec>));
  const programs = await Promise.all(portions.map((portion) => compilePortion(config, portion, runtime)));
  return {
    run: async (state, gradients, scalars) => {
      const before = PARTS.map((part) => leaves<DeviceArray>(state[part] as Tree<DeviceArray>));
      const slopes = leaves<DeviceArray>(gradients as Tree<DeviceArray>);
      const after: DeviceArray[][] = PARTS.map(() => []);
      for (const [index, program] of programs.entries()) {
        const take = (arrays: DeviceArray[]) => arrays.splice(0, portions[index].length);
        const [old, slope] = [before.map(take), take(slopes)];
        const renewed = await program.run(old, slope, { ...scalars });
        for (const array of [...old.flat(), ...slope]) array.dispose();
        PARTS.forEach((_, part) => {
          after[part].push(...(renewed as DeviceArray[][])[part]);
        });
      }
      const trees = PARTS.map((part, i) => [part, rebuild(state[part] as Tree<DeviceArray>, after[i])]);
      return Object.fromEntries(trees) as Optimized<DeviceArray>;
    },
    dispose: async () => {
      for (const program of programs) await program.dispose();
    },
  };
}

function compilePortion(config: Config, portion: Spec[], runtime?: Runtime) {
  const update = (
    [parameters, ema, firstMoment, infinityNorm]: np.Array[][],
    gradients: np.Array[],
    scalars: { stepSize: np.Array; emaDecay: np.Array },
  ) => {
    const after = adamaxUpdate({ parameters, ema, firstMoment, infinityNorm }, gradients, scalars, config.optimizer);
    return PARTS.map((part) => after[part]);
  };
  const args = [PARTS.map(() => portion), portion, { stepSize: spec([]), emaDecay: spec([]) }];
  return compile(update, args, { runtime, keep: Object.fromEntries(PARTS.map((_, index) => [index, true])) });
}
