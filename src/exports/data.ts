/** @file `strata-vae/data`: image sets from folders, archives, published sets and programs; scanning; batches. */
export { type CollectOptions, collectImages, type OwnImage, type RawImage } from "../data/collect-images.js";
export { type ImageReader, imageReader, take, takeFirst, takeSpread } from "../data/image-set.js";
export {
  type Batch,
  Batches,
  type BatchOptions,
  digestOfSet,
  type ImageSet,
  type ImageSplits,
  type ImageStream,
  type Images,
  type Layout,
  type OpenOptions,
  openData,
  openSamples,
  type Pixels,
  readImageFile,
  type Split,
} from "../data/index.js";
