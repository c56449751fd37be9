/** @file The update of a training state on the device: the optimizer and the moving average. */
import type { numpy as np } from "@jax-js/jax";
import type { Config } from "../../config/index.js";
import { type Compiled, compile, type DeviceArray, type Runtime, type Spec, spec } from "../../engine/index.js";
import { weightPacking } from "../../inference/programs/compiled.js";
import { parameterSpecs } from "../../inference/trained-model.js";
import type { InPlaceNumbers } from "./optimizer.js";
import { optimizerOf } from "./optimizers.js";
import { momentsOf, type OptimizerState, type UpdateScalars, update } from "./update.js";

/** What an update reads and renews, besides the spectral vectors: packs of each. */
export type Optimized<T> = OptimizerState<readonly T[]>;

/** Renews the state. Consumes state and gradients. */
export type UpdateProgram = Compiled<
  [state: Optimized<DeviceArray>, gradients: readonly DeviceArray[], scalars: UpdateScalars<number>],
  Optimized<DeviceArray>
>;

/** How a configuration's state is renewed: in place where its arrays are ordinary memory, else by compiled programs. */
export function createUpdate(config: Config, runtime: Runtime): Promise<UpdateProgram> {
  const { inPlace } = optimizerOf(config.optimizer);
  const inMemory = runtime.device === "cpu" && config.optimizer.stateType === "float32";
  return inPlace && inMemory
    ? Promise.resolve(updateInPlace(config, inPlace, runtime))
    : compileUpdate(config, runtime);
}

/** @param loop - the optimizer's module that renews arrays in memory */
function updateInPlace(
  { optimizer: { beta1, beta2, epsilon, kind } }: Config,
  loop: URL,
  runtime: Runtime,
): UpdateProgram {
  const names = optimizerOf({ kind }).moments;
  return {
    run: async (state, gradients, scalars) => {
      const { parameters, ema, moments } = state;
      const groups = gradients.map((g, i) => [parameters[i], ema[i], ...names.map((name) => moments[name][i]), g]);
      const numbers: InPlaceNumbers<string> = { beta1, beta2, epsilon, ...scalars };
      await runtime.apply(loop, groups, numbers);
      for (const array of gradients) array.dispose();
      return state;
    },
    dispose: () => Promise.resolve(),
  };
}

/** Compiles the update: a program for every pack. */
async function compileUpdate(config: Config, runtime: Runtime): Promise<UpdateProgram> {
  const optimizer = optimizerOf(config.optimizer);
  const packs = weightPacking(parameterSpecs(config)).specs;
  const programs = await Promise.all(packs.map((pack) => compilePack(config, pack, runtime)));
  return {
    run: async (state, gradients, numbers) => {
      const entries = Object.entries(numbers).map(([name, value]) => [name, Float32Array.of(value)]);
      const scalars = Object.fromEntries(entries) as UpdateScalars<Float32Array>;
      const updates = programs.map((program, index) => {
        const moments = momentsOf(optimizer, (name) => state.moments[name][index]);
        const before = { parameters: state.parameters[index], ema: state.ema[index], moments };
        const after = program.run(before, gradients[index], scalars);
        // Requests are answered in order: by the time that these are freed, they have been used.
        const { parameters, ema } = before;
        for (const array of [parameters, ema, ...Object.values(moments), gradients[index]]) array.dispose();
        return after;
      });
      const renewed = await Promise.all(updates);
      return {
        parameters: renewed.map(({ parameters }) => parameters),
        ema: renewed.map(({ ema }) => ema),
        moments: momentsOf(optimizer, (name) => renewed.map(({ moments }) => moments[name])),
      };
    },
    dispose: async () => {
      for (const program of programs) await program.dispose();
    },
  };
}

function compilePack({ optimizer: settings }: Config, pack: Spec, runtime: Runtime) {
  const optimizer = optimizerOf(settings);
  const renew = (state: OptimizerState<np.Array>, gradients: np.Array, scalars: UpdateScalars<np.Array>) =>
    update(optimizer, state, gradients, scalars, settings);
  const moments = momentsOf(optimizer, () => spec(pack.shape, settings.stateType));
  const state = { parameters: pack, ema: pack, moments };
  const numbers = { ...optimizer.scalars(0, 0, settings), emaDecay: 0 };
  const scalars = Object.fromEntries(Object.keys(numbers).map((name) => [name, spec([])])) as UpdateScalars<Spec>;
  const outputDtypes = { moments: settings.stateType };
  return compile(renew, [state, pack, scalars] as const, { runtime, keepOnDevice: true, outputDtypes });
}
