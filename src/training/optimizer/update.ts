/** @file One update of a training state by any optimizer: parameters, moments, and the moving average of the parameters. */
import { type JsTree, type numpy as np, tree } from "@jax-js/jax";
import type { Config } from "../../config/index.js";
import { type Compiled, compile, type DeviceArray, type Runtime, type Spec, spec } from "../../engine/index.js";
import { weightPacking } from "../../inference/programs/compiled.js";
import { parameterSpecs } from "../../inference/trained-model.js";
import type { InPlaceNumbers, Optimizer, OptimizerConstants } from "./optimizer.js";
import { optimizerOf } from "./optimizers.js";

/**
 * What an update reads and renews: trees of arrays, alike in structure, order of keys and shapes. The moments start at 0, the
 * average as a copy of the parameters.
 */
export interface OptimizerState<Tree> {
  parameters: Tree;
  /** Moving average of the parameters, used for all evaluation. */
  ema: Tree;
  /** What the optimizer remembers, by the names of its `moments`. */
  moments: Record<string, Tree>;
}

/** Numbers that change from update to update: those of the optimizer, and the decay of the moving average. */
export type UpdateScalars<T> = Record<string, T> & { emaDecay: T };

/** One value for every moment of an optimizer. */
export const momentsOf = <T>({ moments }: Pick<Optimizer, "moments">, value: (name: string) => T): Record<string, T> =>
  Object.fromEntries(moments.map((name) => [name, value(name)]));

/**
 * One update of every parameter p by the optimizer, then of the moving average e with decay d:
 *
 *     e ← e + (1 − d) (p − e)
 *
 * @param state - consumed
 * @param gradients - same structure; consumed
 * @param scalars - consumed
 * @throws TypeError when a tree of the state is built unlike the gradients, which would pair parameters with the wrong ones
 */
export function update<Tree>(
  optimizer: Optimizer,
  state: OptimizerState<Tree>,
  gradients: Tree,
  { emaDecay, ...scalars }: UpdateScalars<np.Array>,
  constants: OptimizerConstants,
): OptimizerState<Tree> {
  const [gradientLeaves, structure] = tree.flatten(gradients as JsTree<np.Array>);
  const leavesOf = (name: string, part: Tree) => {
    const [leaves, found] = tree.flatten(part as JsTree<np.Array>);
    if (found.equals(structure)) return leaves;
    throw new TypeError(`update: ${name} must have the gradients' structure ${structure}, got ${found}`);
  };
  const parameters = leavesOf("parameters", state.parameters);
  const ema = leavesOf("ema", state.ema);
  const moments = momentsOf(optimizer, (name) => leavesOf(name, state.moments[name]));
  const emaRate = emaDecay.neg().add(1); // 1 − d
  const updated = gradientLeaves.map((gradient, i) => {
    const before = { parameter: parameters[i], moments: momentsOf(optimizer, (name) => moments[name][i]) };
    const after = optimizer.update(before, gradient, scalars, constants);
    const average = ema[i].ref.add(after.parameter.ref.sub(ema[i]).mul(emaRate.ref));
    return { ...after, average };
  });
  for (const scalar of [emaRate, ...Object.values(scalars)]) scalar.dispose();
  const collect = (leaf: (renewed: (typeof updated)[number]) => np.Array) =>
    tree.unflatten(structure, updated.map(leaf)) as Tree;
  return {
    parameters: collect(({ parameter }) => parameter),
    ema: collect(({ average }) => average),
    moments: momentsOf(optimizer, (name) => collect((renewed) => renewed.moments[name])),
  };
}

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
    ? Promise.resolve(updateInPlace(config, inPlace(), runtime))
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

/** Compiles the update: a program for every pack, which takes less memory than one for all. */
async function compileUpdate(config: Config, runtime: Runtime): Promise<UpdateProgram> {
  const optimizer = optimizerOf(config.optimizer);
  const packs = weightPacking(parameterSpecs(config), runtime.traits).specs;
  const programs = await Promise.all(packs.map((pack) => compilePack(config, pack, runtime)));
  return {
    run: async (state, gradients, numbers) => {
      const entries = Object.entries(numbers).map(([name, value]) => [name, Float32Array.of(value)]);
      const scalars = Object.fromEntries(entries) as UpdateScalars<Float32Array>;
      const updates = programs.map((program, index) => {
        const moments = momentsOf(optimizer, (name) => state.moments[name][index]);
        const before = { parameters: state.parameters[index], ema: state.ema[index], moments };
        return program.run(before, gradients[index], scalars);
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
  return compile(renew, [state, pack, scalars] as const, {
    runtime,
    keepOnDevice: true,
    outputDtypes: { moments: settings.stateType },
    donated: [true, true],
  });
}
