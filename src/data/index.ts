/** @file Data: sources to image sets, image sets to batches. */
export { type Batch, Batches, type BatchOptions } from "./batches.js";
export { emojiGroups } from "./emoji.js";
export type { ImageSet, Split } from "./image-set.js";
export { type OpenOptions, openData } from "./open-data.js";
