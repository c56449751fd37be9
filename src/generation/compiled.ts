/** @file Compiling with types: a program whose arguments and results are known by name. */
import type { numpy as np } from "@jax-js/jax";
import {
  compile,
  type DeviceArray,
  leaves,
  type Operand,
  Packing,
  type Program,
  type Runtime,
  rebuild,
  type Spec,
  type Tree,
  type TypedArray,
} from "../engine/index.js";
import type { ModelParameters } from "../model/index.js";
import type { ParameterTree } from "./trained-model.js";

/** How a model's weights are packed while it is trained. */
export const weightPacking = (specs: ModelParameters<Spec>): Packing => new Packing(leaves<Spec>(specs as Tree<Spec>));

/** The traced weights in packs; consumes those. */
export function unpackWeights(specs: ModelParameters<Spec>, packs: readonly np.Array[]): ModelParameters<np.Array> {
  const arrays = weightPacking(specs).unpack(packs);
  return rebuild(specs as Tree<Spec>, arrays) as unknown as ModelParameters<np.Array>;
}

/** A compiled function of a model's weights and of one batch's inputs; results come back as typed arrays. */
export interface ModelProgram<Inputs, Outputs> {
  run(inputs: Inputs): Promise<Outputs>;
  dispose(): Promise<void>;
}

/**
 * Compiles a function of a model's weights.
 *
 * @param weights - on the host: they become constants of the program, which runs fastest; or a function that gives them,
 *   packed on the device, at every run: for a model that is being trained
 * @param inputs - tree of specs of the other argument
 */
export async function compileForModel<Inputs, Outputs>(
  fn: (parameters: ModelParameters<np.Array>, inputs: never) => unknown,
  specs: ModelParameters<Spec>,
  weights: ParameterTree | (() => readonly DeviceArray[]),
  inputs: unknown,
  runtime?: Runtime,
): Promise<ModelProgram<Inputs, Outputs>> {
  if (typeof weights !== "function") {
    const args = [specs as Tree<Spec>, inputs as Tree<Spec>];
    const program = await compile(fn as never, args, { runtime, constants: [weights as Tree<TypedArray>] });
    return typed(program, (given) => [given]);
  }
  const packed = (packs: np.Array[], given: never) => fn(unpackWeights(specs, packs), given);
  const program = await compile(packed, [weightPacking(specs).specs, inputs as Tree<Spec>], { runtime });
  return typed(program, (given) => [[...weights()], given]);
}

/** A program by the names of its arguments. */
function typed<Inputs, Outputs>(program: Program, args: (given: Tree<Operand>) => Tree<Operand>[]) {
  const run = (given: Inputs) => program.run(...args(given as Tree<Operand>)) as Promise<Outputs>;
  return { run, dispose: () => program.dispose() };
}
