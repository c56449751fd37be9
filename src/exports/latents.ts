/** @file `strata-vae/latents`: the noise that determines a picture, and what you can do with it. Runs in a browser. */
export { interpolateLatents, slerp } from "../latents/interpolate.js";
export {
  concatenateLatents,
  type DrawOptions,
  type Latents,
  latentsAt,
  latentsOfSamples,
  varyLatents,
} from "../latents/latents.js";
export {
  type Guidance,
  type GuidanceRule,
  guidanceWeights,
  type Temperature,
  temperatures,
} from "../latents/per-group.js";
export { type Group, groups } from "../model/groups.js";
