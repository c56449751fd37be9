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
  return inPlace && runtime.traits.inPlace && config.optimizer.stateType === "float32"
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

/** Compiles the update: a program for every pack, which takes less memory than one for all; or one for all small arrays. */
async function compileUpdate(config: Config, runtime: Runtime): Promise<UpdateProgram> {
  const optimizer = optimizerOf(config.optimizer);
  const { specs } = weightPacking(parameterSpecs(config), runtime.traits);
  const parts = runtime.traits.packs ? specs.map((pack) => [pack]) : [specs];
  const programs = await Promise.all(parts.map((part) => compilePart(config, part, runtime)));
  return {
    run: async (state, gradients, numbers) => {
      const entries = Object.entries(numbers).map(([name, value]) => [name, Float32Array.of(value)]);
      const scalars = Object.fromEntries(entries) as UpdateScalars<Float32Array>;
      let begin = 0;
      const updates = programs.map((program, index) => {
        const [from, to] = [begin, begin + parts[index].length];
        begin = to;
        const slice = (arrays: readonly DeviceArray[]) => arrays.slice(from, to);
        const moments = momentsOf(optimizer, (name) => slice(state.moments[name]));
        const before = { parameters: slice(state.parameters), ema: slice(state.ema), moments };
        return program.run(before, slice(gradients), scalars);
      });
      const renewed = await Promise.all(updates);
      return {
        parameters: renewed.flatMap(({ parameters }) => parameters),
        ema: renewed.flatMap(({ ema }) => ema),
        moments: momentsOf(optimizer, (name) => renewed.flatMap(({ moments }) => moments[name])),
      };
    },
    dispose: async () => {
      for (const program of programs) await program.dispose();
    },
  };
}

function compilePart({ optimizer: settings }: Config, packs: readonly Spec[], runtime: Runtime) {
  const optimizer = optimizerOf(settings);
  const renew = (state: OptimizerState<np.Array[]>, gradients: np.Array[], scalars: UpdateScalars<np.Array>) =>
    update(optimizer, state, gradients, scalars, settings);
  const moments = momentsOf(optimizer, () => packs.map(({ shape }) => spec(shape, settings.stateType)));
  const state = { parameters: packs, ema: packs, moments };
  const numbers = { ...optimizer.scalars(0, 0, settings), emaDecay: 0 };
  const scalars = Object.fromEntries(Object.keys(numbers).map((name) => [name, spec([])])) as UpdateScalars<Spec>;
  return compile(renew, [state, packs, scalars] as const, {
    runtime,
    keepOnDevice: true,
    outputDtypes: { moments: settings.stateType },
    donated: [true, true],
  });
}
