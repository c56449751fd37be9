/** @file Adding up what micro-batches give: where a sum starts, how two become one, and how long the result is. */
import { numpy as np } from "@jax-js/jax";
import type { Config } from "../config/index.js";
import { compile, type DeviceArray, type Runtime, type Spec, sumOfSquares } from "../engine/index.js";
import { weightPacking } from "../inference/programs/compiled.js";
import { parameterSpecs } from "../inference/trained-model.js";
import { codeHash } from "../version.js";

/** Gradients of all parameters, packed. */
type Gradients = readonly DeviceArray[];

/** How gradients of micro-batches become those of the batch. */
export interface Accumulation {
  /** Zeros. */
  start(): Promise<Gradients>;
  /** Gives back gradients that the next ones have been added to, or that are not needed. */
  leave(gradients: Gradients): void;
  /** The sum of both, which are consumed. */
  add(sum: Gradients, other: Gradients): Promise<Gradients>;
  dispose(): Promise<void>;
}

const packs = (config: Config, runtime: Runtime): readonly Spec[] =>
  weightPacking(parameterSpecs(config), runtime.traits).specs;

const free = (arrays: Gradients) => {
  for (const array of arrays) array.dispose();
};

/** Sums start at zeros that all of them share, or, on a device that adds up where they lie, at new ones each. */
export async function createAccumulation(config: Config, runtime: Runtime): Promise<Accumulation> {
  const specs = packs(config, runtime);
  const { inPlace, donates } = runtime.traits;
  const adding = inPlace ? addInPlace(runtime) : await compileAdd(specs, runtime);
  if (donates) {
    const zeros = await compile(() => specs.map(({ shape }) => np.zeros(shape)), [], { runtime, keepOnDevice: true });
    const dispose = async () => void (await Promise.all([zeros.dispose(), adding.dispose()]));
    return { start: () => zeros.run(), leave: free, add: adding.add, dispose };
  }
  const zeros = specs.map((spec) => runtime.transfer(new Float32Array(spec.size), spec));
  return {
    start: async () => zeros,
    leave: (arrays) => {
      if (arrays !== zeros) free(arrays);
    },
    add: adding.add,
    dispose: async () => {
      free(zeros);
      await adding.dispose();
    },
  };
}

type Adding = Pick<Accumulation, "add" | "dispose">;

function addInPlace(runtime: Runtime): Adding {
  const module = new URL(`./add-in-place${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);
  return {
    add: async (sum, other) => {
      await runtime.apply(
        module,
        sum.map((array, pack) => [array, other[pack]]),
        undefined,
      );
      free(other);
      return sum;
    },
    dispose: async () => {},
  };
}

async function compileAdd(specs: readonly Spec[], runtime: Runtime): Promise<Adding> {
  const sum = (a: readonly np.Array[], b: readonly np.Array[]) => a.map((array, pack) => array.add(b[pack]));
  const program = await compile(sum, [specs, specs], {
    ...{ runtime, keepOnDevice: true, donated: [runtime.traits.donates, false] },
    cacheKey: JSON.stringify(["add", codeHash()]),
  });
  return {
    add: async (a, b) => {
      const result = await program.run(a, b);
      for (const array of [...a, ...b]) array.dispose();
      return result;
    },
    dispose: () => program.dispose(),
  };
}

/** The squared L2 norm of packed gradients, traced; consumes them. */
export const squaredNorm = (gradients: readonly np.Array[]): np.Array =>
  gradients.map(sumOfSquares).reduce((sum, square) => sum.add(square));

/** That as a program of its own: the same bytes wherever the gradients have been added up. */
export function compileSquaredNorm(config: Config, runtime: Runtime) {
  const cacheKey = JSON.stringify(["squared norm", codeHash()]);
  return compile(squaredNorm, [packs(config, runtime)], { runtime, cacheKey });
}
