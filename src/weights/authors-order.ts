/** @file A model's parameters in the order of the authors' `model.parameters()`, which their lists of averages and moments follow. */
import type { Config } from "../config/index.js";
import { parameterSpecs } from "../inference/trained-model.js";
import { authorsNames, parameterEntries } from "../model/index.js";

/** One parameter under both names. */
export interface NamedParameter {
  /** Ours: "encoder.input.weight". */
  path: string;
  /** The authors': "encoder.in_proj.weight". */
  name: string;
  shape: number[];
}

/** Parts of the authors' names in the order in which their modules define them; those that never meet stand anywhere. */
const DEFINED = [
  ...["initial_x", "encoder", "process_lowres_image"],
  ...["in_proj", "encoder_levels", "down_resblocks", "up_resblocks", "layer_list", "output_blocks"],
  ...["prior_block", "posterior_block", "zproj", "shared_block"],
  ...["label_emb", "label_proj", "conv1", "conv2", "conv", "conv_layer", "qproj", "outproj", "weight", "bias"],
];

/** Every parameter of a model, in the authors' order. */
export function parametersInAuthorsOrder(config: Pick<Config, "model" | "objective">): NamedParameter[] {
  const names = authorsNames(config.model);
  const entries = parameterEntries(parameterSpecs(config));
  const parameters = entries.map(([path, { shape }]) => ({ path, name: names.get(path)!, shape }));
  return parameters.sort((a, b) => compare(a.name.split("."), b.name.split(".")));
}

/** Positions in lists by number, other parts by definition. */
function compare(a: readonly string[], b: readonly string[]): number {
  const at = a.findIndex((part, index) => part !== b[index]);
  const rank = (part: string) => (/^\d+$/.test(part) ? Number(part) : DEFINED.indexOf(part));
  return rank(a[at]) - rank(b[at]);
}
