/** @file Features without a network: the mean colour of an image, and what can be told of its halves. */
import type { Images } from "../../src/data/image-set.js";
import type { FeatureExtractor } from "../../src/quality/features/extractor.js";

/** Mean of each colour in [0, 1]; spatially, mean of the upper and of the lower half; as logits, the brightness and its negative. */
export function meanColours(name = "colours"): FeatureExtractor {
  const extract = async ({ images, count, resolution }: Images) => {
    const plane = resolution ** 2;
    const mean = (from: number, to: number) => {
      let sum = 0;
      for (let place = from; place < to; place++) sum += images[place];
      return sum / (to - from) / 255;
    };
    const of = (image: number, channel: number, from = 0, to = plane) => {
      const start = (3 * image + channel) * plane;
      return mean(start + from, start + to);
    };
    const indices = Array.from({ length: count }, (_, image) => image);
    return {
      pooled: Float32Array.from(indices.flatMap((image) => [0, 1, 2].map((channel) => of(image, channel)))),
      spatial: Float32Array.from(indices.flatMap((image) => [of(image, 0, 0, plane / 2), of(image, 0, plane / 2)])),
      logits: Float32Array.from(indices.flatMap((image) => [of(image, 0), -of(image, 0)])),
    };
  };
  return { name, identity: `${name} 1`, width: 3, spatialWidth: 2, classes: 2, extract, dispose: async () => {} };
}
