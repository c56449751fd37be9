/** @file Counter-based random numbers: every draw is named by a key, none by hidden state. */
export { fillNormal, foldIn, type Key, keyFromSeed, normal, permutation, uniform } from "./random.js";
export { type StreamName, streamKey } from "./streams.js";
