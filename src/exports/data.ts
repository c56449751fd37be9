/** @file `strata-vae/data`: image sets from folders, archives, published sets and programs; scanning; batches. */
export { type CollectOptions, collectImages, type OwnImage, type RawImage } from "../data/collect-images.js";
export { type ImageReader, imageReader, type MemorySet, take, takeFirst, takeSpread } from "../data/image-set.js";
export {
  type Batch,
  Batches,
  type BatchOptions,
  type DataSet,
  digestOfSet,
  type ImagePart,
  type ImageSet,
  type Layout,
  type OpenOptions,
  openData,
  openSamples,
  readImageFile,
  type SampleFile,
  type Split,
} from "../data/index.js";
