/** @file Streams of images to be measured: of a sampler, of a set, of images in memory. */
import { type ImageSet, type Images, take } from "../data/index.js";
import type { ImageStream } from "../data/samples/image-stream.js";
import { portions } from "../inference/batches.js";
import { type ImageSampler, partOf, type SampleOptions, type Samples } from "../inference/sampling/sampler.js";

/** Images in a part: enough for every program's batch, a few megabytes. */
const PART = 256;

/**
 * Samples as they are drawn; sample `i` is the one that `sampler.sample` gives.
 */
export function streamSamples(sampler: ImageSampler, options: SampleOptions): ImageStream<Samples> {
  const { count, onProgress } = options;
  const parts = async function* () {
    for (const portion of portions(count, PART)) {
      const report = (done: number) => onProgress?.(portion.first + done, count);
      yield await sampler.sample({ ...options, ...partOf(options, portion), onProgress: report });
    }
  };
  return { count, resolution: sampler.resolution, parts: parts() };
}

/** The images of a set by index, or all, read as they are needed. */
export function streamSet(set: ImageSet, indices?: readonly number[]): ImageStream {
  const { resolution } = set;
  const count = indices?.length ?? set.count;
  const parts = async function* () {
    for (const portion of portions(count, PART)) {
      const own = portion.indices.slice(0, portion.used);
      yield take(set, indices ? own.map((row) => indices[row]) : own);
    }
  };
  return { count, resolution, parts: parts() };
}

/** Images in memory, with their labels where they have some. */
export function streamImages(pictures: Images): ImageStream {
  const { images, labels, count, resolution } = pictures;
  const size = 3 * resolution ** 2;
  const parts = async function* () {
    for (const { first, used } of portions(count, PART)) {
      const part = { images: images.subarray(first * size, (first + used) * size), count: used, resolution };
      yield { ...part, ...(labels && { labels: labels.subarray(first, first + used) }) };
    }
  };
  return { count, resolution, parts: parts() };
}

/** The first images of a stream: `count`, or all where there are fewer. */
export function firstOfStream({ parts, ...stream }: ImageStream, count: number): ImageStream {
  const first = async function* () {
    let left = count;
    for await (const part of parts) {
      const used = Math.min(part.count, left);
      left -= used;
      yield { ...part, count: used, images: part.images.subarray(0, used * 3 * part.resolution ** 2) };
      if (left === 0) return;
    }
  };
  return { ...stream, count: Math.min(count, stream.count), parts: first() };
}

/** The same stream, each part shown to `look` as it passes. */
export function tap<Part extends Images>(
  stream: ImageStream<Part>,
  look: (part: Part, first: number) => void,
): ImageStream<Part> {
  const parts = async function* () {
    let first = 0;
    for await (const part of stream.parts) {
      look(part, first);
      first += part.count;
      yield part;
    }
  };
  return { ...stream, parts: parts() };
}

/** Room for the first pictures of a stream, and what to look with: see `tap`. */
export function collectFirst(count: number, resolution: number) {
  const size = 3 * resolution ** 2;
  const pictures: Images = { images: new Uint8Array(count * size), count, resolution };
  const look = ({ images }: Images, first: number) => {
    if (first < count) pictures.images.set(images.subarray(0, (count - first) * size), first * size);
  };
  return { pictures, look };
}
