/** @file Counter-based random numbers: every draw is named by a key, none by hidden state. */
export { fillNormal, normal, permutation, uniform } from "./draw.js";
export { foldIn, type Key, keyFromSeed } from "./key.js";
export { type StreamName, streamKey } from "./streams.js";
