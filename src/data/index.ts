/** @file Data: sources to image sets, image sets to batches. */
export { type Batch, Batches, type BatchOptions } from "./batches.js";
export { readImageFile } from "./decoding/decode.js";
export {
  type ImageSet,
  type Images,
  imageReader,
  type Pixels,
  type Split,
  spreadIndices,
  take,
  takeFirst,
  takeSpread,
} from "./image-set.js";
export { type ImageSplits, type OpenOptions, openData } from "./open-data.js";
export { digestOfSet } from "./packs/pack-format.js";
export type { ImageStream } from "./samples/image-stream.js";
export { hasSampleArray, openSamples } from "./samples/sample-files.js";
export { unusedText } from "./sources/files.js";
export { type Layout, layouts } from "./sources/folder-layout.js";
export { type Reading, readingOf } from "./sources/reading.js";
export { sourceNames } from "./sources/source-kinds.js";
export type { ShardStream } from "./stream/streamed-batches.js";
