/** @file The model: parameters and pure functions of them. */

export { attentionPlaces, listPlaces } from "./attention-places.js";
export { authorsNames } from "./authors-names.js";
export { encode } from "./encoder.js";
export { type ChooseLatent, posterior, topDown } from "./generator.js";
export { type Group, groups } from "./groups.js";
export { initialise } from "./initialise.js";
export { type DiagonalGaussian, draw, LEAST_VARIANCE, noiseOf } from "./latent.js";
export { countParameters, mapParameters, parameterEntries } from "./parameter-tree.js";
export {
  type ModelParameters,
  modelParameters,
  ParameterSpec,
} from "./parameters.js";
export { residualBlock } from "./residual-block.js";
export { initialState } from "./super-resolution.js";
