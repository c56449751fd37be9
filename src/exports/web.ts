/**
 * @file `strata-vae/web`: a trained model in the visitor's browser. `strata export RUN --format web` writes what it loads; it
 * computes in a thread of its own, on WebGPU or WebAssembly.
 */
export { type ErrorCode, UserError } from "../errors.js";
export type { EnlargingOptions } from "../latents/cascade.js";
export { interpolateLatents } from "../latents/interpolate.js";
export { concatenateLatents, type Latents, latentsAt, latentsOfSamples, varyLatents } from "../latents/latents.js";
export type { Guidance, Temperature } from "../latents/per-group.js";
export type { Encoded } from "../web/drawing.js";
export type { WebDevice, WebEnlarger, WebModelInfo, WebRefinement } from "../web/manifest.js";
export { fromPicture, toImageData } from "../web/pictures.js";
export {
  type LoadCascadeOptions,
  loadCascade,
  WebCascade,
  type WebCascadeSampleOptions,
} from "../web/web-cascade.js";
export {
  type DrawingOptions,
  type EncodeOptions,
  type InterpolateOptions,
  type LoadOptions,
  load,
  type WebImages,
  WebModel,
  type WebSampleOptions,
  type WebSamples,
  type WebValues,
} from "../web/web-model.js";
