/** @file All streams of random numbers that a seed has: one number each, so that no two draw the same. */
import { foldIn, type Key, keyFromSeed } from "./random.js";

/**
 * What each stream is for. A number never changes: a resumed run would see other noise.
 *
 * Two uses, on which published figures depend, fold counters from 0 into the seed instead. The initial parameters of the
 * classifier (`quality/classifier/network.ts`) draw from keys that this list only folds further, so no number is drawn
 * twice. The subsets of the kernel distance (`quality/metrics/kernel-distance.ts`) meet orders of training batches; subsets
 * of samples and orders of training images have nothing to do with one another.
 */
export const STREAMS = {
  initialParameters: 1,
  batchOrder: 11,
  batchFlips: 12,
  streamOrder: 15,
  shardsOfRanks: 16,
  classifierShifts: 13,
  classifierTurns: 14,
  referencePart: 29,
  frechetLimit: 30,
  bootstrap: 31,
  principalComponents: 32,
  controlDirections: 33,
  trainingLatents: 101,
  trainingLowResolution: 102,
  trainingLabelDrop: 103,
  sampleLatents: 111,
  sampleLowResolution: 112,
  sampleOutput: 113,
  sampleLabels: 114,
  variationLatents: 115,
  enlargingLatents: 116,
  posteriorLatents: 121,
  posteriorLowResolution: 122,
  spectralVectors: 131,
  tuningCandidates: 135,
  refinementParameters: 140,
  refinementLatents: 141,
  refinementOrder: 142,
  refinementNoise: 143,
  refinementTimes: 144,
  refinementLabelDrop: 145,
  headParameters: 150,
  headLatents: 151,
  headPixels: 152,
} as const;

/** The name of a stream. */
export type StreamName = keyof typeof STREAMS;

/** The key of a stream under a seed. */
export const streamKey = (seed: number, name: StreamName): Key => foldIn(keyFromSeed(seed), STREAMS[name]);
