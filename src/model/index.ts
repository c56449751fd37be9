/** @file The model: parameters and pure functions of them. */
export { attentionPlaces } from "./attention.js";
export { encode } from "./encoder.js";
export { outputOf, posterior, type TopDownOptions, topDown, topDownFeatures } from "./generator.js";
export { type Group, groups } from "./groups.js";
export { type DiagonalGaussian, draw, LEAST_VARIANCE, noiseOf } from "./latent.js";
export {
  countParameters,
  foreignNames,
  initialise,
  type ModelParameters,
  mapParameters,
  modelParameters,
  parameterEntries,
} from "./network.js";
export { ForeignName, ParameterSpec } from "./parameter.js";
export { residualBlock } from "./residual-block.js";
export type { ChooseLatent } from "./stochastic-layer.js";
export { initialState } from "./super-resolution.js";
