/** @file Compiling with types: a program whose arguments and results are known by name. */
import type { numpy as np } from "@jax-js/jax";
import {
  compile,
  type DeviceArray,
  type Operand,
  type Program,
  type Runtime,
  type Spec,
  type Tree,
  type TypedArray,
} from "../engine/index.js";
import type { ModelParameters } from "../model/index.js";
import type { ParameterTree } from "./trained-model.js";

/** A compiled function of a model's weights and of one batch's inputs; results come back as typed arrays. */
export interface ModelProgram<Inputs, Outputs> {
  run(inputs: Inputs): Promise<Outputs>;
  dispose(): Promise<void>;
}

/**
 * Compiles a function of a model's weights.
 *
 * @param weights - on the host: they become constants of the program, which runs fastest; or specs, and `current` gives the
 *   weights on the device at every run, for a model that is being trained
 * @param inputs - tree of specs of the other argument
 */
export async function compileForModel<Inputs, Outputs>(
  fn: (parameters: ModelParameters<np.Array>, inputs: never) => unknown,
  specs: ModelParameters<Spec>,
  weights: ParameterTree | (() => ModelParameters<DeviceArray>),
  inputs: unknown,
  runtime?: Runtime,
): Promise<ModelProgram<Inputs, Outputs>> {
  const constants = typeof weights === "function" ? [] : [weights as Tree<TypedArray>];
  const program: Program = await compile(fn as never, [specs as Tree<Spec>, inputs as Tree<Spec>], {
    runtime,
    constants,
  });
  return {
    run: (given) => {
      const args = typeof weights === "function" ? [weights(), given] : [given];
      return program.run(...(args as Tree<Operand>[])) as Promise<Outputs>;
    },
    dispose: () => program.dispose(),
  };
}
