/** @file `strata-vae/model`: the network and the objective as pure jax-js functions of parameters. */
import "../webgpu-types.js";

export {
  type ChooseLatent,
  countParameters,
  type DiagonalGaussian,
  draw,
  encode,
  type Group,
  groups,
  initialise,
  initialState,
  type ModelParameters,
  mapParameters,
  modelParameters,
  type ParameterSpec,
  parameterEntries,
  posterior,
  type TopDownOptions,
  topDown,
} from "../model/index.js";
export { type AutoEncoderInputs, autoEncode, type ModelInputs } from "../objective/auto-encode.js";
export { gaussianKl } from "../objective/group-kl.js";
export { informationShares, rateWeights } from "../objective/information-schedule.js";
export {
  type LossParts,
  loss,
  lossAndGradients,
  type SpectralVectors,
} from "../objective/loss.js";
export type { OutputLayer } from "../objective/output-layer.js";
export { outputChannels } from "../objective/output-layers.js";
