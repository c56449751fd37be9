/** @file Compiling functions of a model's weights. */
import type { numpy as np } from "@jax-js/jax";
import type { Config } from "../../config/index.js";
import {
  type Compiled,
  compile,
  type DeviceArray,
  type DeviceTraits,
  defaultRuntime,
  type Given,
  leaves,
  type Mapped,
  type Packing,
  packingFor,
  type ResultOf,
  rebuild,
  type Spec,
} from "../../engine/index.js";
import type { ModelParameters } from "../../model/index.js";
import { codeHash } from "../../version.js";
import { type ParameterTree, parameterSpecs } from "../trained-model.js";

/** How a model's weights are packed on a device while it is trained. */
export const weightPacking = (specs: ModelParameters<Spec>, traits: DeviceTraits): Packing =>
  packingFor(leaves(specs), traits);

/** A compiled function of one batch's inputs, its weights known. */
export type ModelProgram<Inputs, Outputs> = Compiled<[inputs: Inputs], Outputs> & AsyncDisposable;

/** What a function of a model's weights depends on besides them and the shapes of its inputs. */
export interface ModelPass {
  /** A name of its own. */
  name: string;
  config: Pick<Config, "model" | "objective">;
  /** Whatever else it depends on, as JSON can say it. */
  options?: unknown;
}

/**
 * Compiles a function of a model's weights.
 *
 * @param weights - on the host: they become constants of the program, which runs fastest; or a function that gives them,
 *   packed on the device, at every run: for a model that is being trained. Such a program is kept on disk.
 * @param inputs - tree of specs of the other argument
 */
export async function compileForModel<Inputs, Outputs>(
  fn: (parameters: ModelParameters<np.Array>, inputs: Mapped<Inputs, Spec, np.Array>) => Outputs,
  { name, config, options }: ModelPass,
  weights: ParameterTree | (() => readonly DeviceArray[]),
  inputs: Inputs,
  runtime = defaultRuntime(),
): Promise<ModelProgram<Given<Inputs>, ResultOf<Outputs>>> {
  const specs = parameterSpecs(config);
  const cacheKey = JSON.stringify([name, codeHash(), config.model, config.objective, options]);
  if (typeof weights !== "function") {
    return compile(fn, [specs, inputs], { runtime, constants: [weights], divided: [true], cacheKey });
  }
  const packing = weightPacking(specs, runtime.traits);
  const packed = (packs: np.Array[], given: Mapped<Inputs, Spec, np.Array>) =>
    fn(rebuild(specs, packing.unpack(packs)), given);
  const program = await compile(packed, [packing.specs, inputs], { runtime, divided: [false, true], cacheKey });
  const dispose = () => program.dispose();
  return { run: (given) => program.run([...weights()], given), dispose, [Symbol.asyncDispose]: dispose };
}
