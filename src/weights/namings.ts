/** @file What a model's parameters are called in files, and how they lie there: by us, by the authors in PyTorch, and in Flax. */
import type { Config } from "../config/index.js";
import { ForeignName, modelParameters, parameterEntries } from "../model/index.js";
import { outputChannels } from "../objective/output-layers.js";

/** What decides which parameters a model has. */
export type Model = Pick<Config, "model" | "objective">;

/** A parameter as files have it. */
export interface NamedShape {
  /** Our path of it. */
  path: string;
  /** Its name in the file. */
  name: string;
  /** Its shape in the file. */
  shape: number[];
  /** For each of our axes, which one of the file's it is; where they differ. */
  axes?: number[];
}

export interface Naming {
  whose: "authors" | "ours" | "Flax";
  /** In the authors' order, whose lists of averages and moments follow it. */
  parameters: NamedShape[];
}

/** Every way to call the parameters of a model: one with learned positions has ours alone, since the authors' have none. */
export function namings({ model, objective }: Model): Naming[] {
  const specs = parameterEntries(modelParameters(model, outputChannels(objective)));
  const ordered = specs.sort(([, a], [, b]) => ForeignName.compare(a.names, b.names));
  const ours: Naming = { whose: "ours", parameters: ordered.map(([path, { shape }]) => ({ path, name: path, shape })) };
  if (model.positions) return [ours];
  return [
    { whose: "authors", parameters: ordered.map(([path, { shape, names }]) => ({ path, name: names.torch, shape })) },
    ours,
    { whose: "Flax", parameters: ordered.map(([path, { shape, names }]) => inFlax(path, names.flax, shape)) },
  ];
}

/**
 * How Flax keeps a parameter of this shape: kernels of convolutions height × width × inputs × outputs, matrices of dense
 * layers inputs × outputs, images with the channels last.
 */
function inFlax(path: string, name: string, ours: readonly number[]): NamedShape {
  const isKernel = name.endsWith("/kernel");
  const axes = isKernel ? (ours.length === 4 ? [3, 2, 0, 1] : [1, 0]) : ours.length === 4 ? [0, 3, 1, 2] : undefined;
  const shape = [...ours];
  axes?.forEach((axis, index) => {
    shape[axis] = ours[index];
  });
  return { path, name, shape, axes };
}
