/** @file The update of a training state on the device: Adamax and the moving average. */
import type { numpy as np } from "@jax-js/jax";
import type { Config } from "../../config/index.js";
import { type Compiled, compile, type DeviceArray, type Runtime, type Spec, spec } from "../../engine/index.js";
import { weightPacking } from "../../inference/programs/compiled.js";
import { parameterSpecs } from "../../inference/trained-model.js";
import { adamaxUpdate, type OptimizerState } from "./adamax.js";
import type { InPlaceScalars } from "./adamax-in-place.js";

/** What an update reads and renews, besides the spectral vectors: packs of each. */
export type Optimized<T> = OptimizerState<readonly T[]>;

/** The constants of one update. */
interface UpdateScalars {
  /** Of `adamaxStepSize`. */
  stepSize: number;
  /** Of `averageDecay`. */
  emaDecay: number;
}

/** Renews the state. Consumes state and gradients. */
export type UpdateProgram = Compiled<
  [state: Optimized<DeviceArray>, gradients: readonly DeviceArray[], scalars: UpdateScalars],
  Optimized<DeviceArray>
>;

/** How a configuration's state is renewed: in place where its arrays are ordinary memory, else by compiled programs. */
export function createUpdate(config: Config, runtime: Runtime): Promise<UpdateProgram> {
  const inPlace = runtime.device === "cpu" && config.optimizer.stateType === "float32";
  return inPlace ? Promise.resolve(updateInPlace(config, runtime)) : compileUpdate(config, runtime);
}

/** The loop of `adamax-in-place`, as built or, in the repository, as TypeScript. */
const LOOP = new URL(`./adamax-in-place${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);

function updateInPlace({ optimizer: { beta1, beta2, epsilon } }: Config, runtime: Runtime): UpdateProgram {
  return {
    run: async (state, gradients, { stepSize, emaDecay }) => {
      const { parameters, ema, firstMoment, infinityNorm } = state;
      const groups = gradients.map((g, i) => [parameters[i], ema[i], firstMoment[i], infinityNorm[i], g]);
      await runtime.apply(LOOP, groups, { stepSize, emaDecay, beta1, beta2, epsilon } satisfies InPlaceScalars);
      for (const array of gradients) array.dispose();
      return state;
    },
    dispose: () => Promise.resolve(),
  };
}

/** Compiles the update: a program for every pack. */
async function compileUpdate(config: Config, runtime: Runtime): Promise<UpdateProgram> {
  const packs = weightPacking(parameterSpecs(config)).specs;
  const programs = await Promise.all(packs.map((pack) => compilePack(config, pack, runtime)));
  return {
    run: async (state, gradients, { stepSize, emaDecay }) => {
      const scalars = { stepSize: Float32Array.of(stepSize), emaDecay: Float32Array.of(emaDecay) };
      const updates = programs.map((program, index) => {
        const before = stateOf((part) => state[part][index]);
        const update = program.run(before, gradients[index], scalars);
        // Requests are answered in order: by the time that these are freed, they have been used.
        for (const array of [...Object.values(before), gradients[index]]) array.dispose();
        return update;
      });
      const renewed = await Promise.all(updates);
      return stateOf((part) => renewed.map((after) => after[part]));
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

function compilePack({ optimizer }: Config, pack: Spec, runtime: Runtime) {
  const update = (
    state: OptimizerState<np.Array>,
    gradients: np.Array,
    scalars: { stepSize: np.Array; emaDecay: np.Array },
  ) => adamaxUpdate(state, gradients, scalars, optimizer);
  const moments = spec(pack.shape, optimizer.stateType);
  const state = { parameters: pack, ema: pack, firstMoment: moments, infinityNorm: moments };
  const outputDtypes = { firstMoment: optimizer.stateType, infinityNorm: optimizer.stateType };
  const args = [state, pack, { stepSize: spec([]), emaDecay: spec([]) }] as const;
  return compile(update, args, { runtime, keepOnDevice: true, outputDtypes });
}
