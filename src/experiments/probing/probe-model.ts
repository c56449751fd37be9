/** @file What the latents of a model know of the classes of images: probes of the first 1, 2, … groups, and of pixels. */
import type { BatchedOptions } from "../../inference/execution-options.js";
import { posteriorMeans } from "../../inference/measures/posterior-means.js";
import type { TrainedModel } from "../../inference/trained-model.js";
import { groups } from "../../model/index.js";
import { emptyKernel, extendKernel, type Kernel, normalisedKernel } from "../../quality/probes/kernel.js";
import { type LinearProbe, linearProbe } from "../../quality/probes/linear-probe.js";
import { type NearestProbe, nearestKnown, nearestProbe } from "../../quality/probes/nearest-probe.js";
import { componentKernel, principalComponents } from "../../quality/probes/principal-components.js";
import type { ProbeImages } from "./probe-images.js";

/** How probes are made. */
export interface ProbeOptions extends BatchedOptions {
  /** Of the noise on small images in super-resolution models. Default 0. */
  seed?: number;
  onProgress?: (what: string, done: number, count: number) => void;
}

/** Both probes of some features. */
export interface ProbedFeatures {
  /** Numbers of an image. */
  dimensions: number;
  linear: LinearProbe;
  nearest: NearestProbe;
}

/** Both probes of the first groups. */
export interface ProbedGroups extends ProbedFeatures {
  groups: number;
  /** What these groups cost an image to test by on average, bits. */
  bits: number;
  /** The nearest known images of each query, the nearest first, [queries][]. */
  neighbours: number[][];
}

/** What the latents of a model know. */
export interface ProbedModel {
  groups: ProbedGroups[];
  /** Posterior means of all images, [count, Z, r, r] a group. */
  means: Float32Array[];
}

/** Neighbours of a query that are kept. */
const NEIGHBOURS = 7;

/**
 * Probes the posterior means of the first K groups, for K from 1 to all.
 *
 * @param label - the class that a model with classes is told of every image, so that its features cannot hold the true one
 * @throws UserError when the images do not fit the model; the signal's reason when aborted
 */
export async function probeModel(
  model: TrainedModel,
  data: ProbeImages,
  { label, onProgress, ...options }: ProbeOptions & { label?: number } = {},
): Promise<ProbedModel> {
  const { known, images } = data;
  const tested = [known + data.chosen, known + data.chosen + data.tested];
  const told = { ...images, labels: new Int32Array(images.count).fill(label ?? 0) };
  const shapes = groups(model.config.model).map(({ shape }) => shape);
  const means = shapes.map(([channels, side]) => new Float32Array(images.count * channels * side ** 2));
  const bits = shapes.map(() => 0); // of each group
  const encoded = posteriorMeans(model, told, {
    ...options,
    onProgress: (done, count) => onProgress?.("encoding", done, count),
  });
  for await (const { first, used, means: own, klNats } of encoded) {
    for (const [group, values] of own.entries()) means[group].set(values, (first * values.length) / used);
    for (let row = Math.max(0, tested[0] - first); row < Math.min(used, tested[1] - first); row++) {
      for (const group of shapes.keys()) bits[group] += klNats[row * shapes.length + group] / Math.LN2 / data.tested;
    }
  }
  const probed: ProbedGroups[] = [];
  let kernel = emptyKernel(known, images.count);
  let [dimensions, spent] = [0, 0];
  for (const [group, values] of means.entries()) {
    onProgress?.("probing groups", group, means.length);
    kernel = await extendKernel(kernel, values, options);
    dimensions += values.length / images.count;
    spent += bits[group];
    const found = await probeKernel(kernel, dimensions, data, options);
    probed.push({ ...found, groups: group + 1, bits: spent, neighbours: neighboursOf(kernel, data) });
  }
  return { groups: probed, means };
}

/** Probes of what the images are without a model. */
export interface ProbedPixels {
  pixels: ProbedFeatures;
  /** Of as many principal components of the pixels as were asked for, where that is fewer than they can be found of. */
  components: ProbedFeatures[];
}

/** More principal components are not looked for: all of them together are the pixels. */
const MOST_COMPONENTS = 500;

/**
 * Probes pixels in [0, 1], and their first principal components.
 *
 * @param dimensions - how many components; numbers above 500 are left out
 */
export async function probePixels(
  data: ProbeImages,
  dimensions: readonly number[],
  { onProgress, ...options }: ProbeOptions = {},
): Promise<ProbedPixels> {
  const { known, images } = data;
  const values = Float32Array.from(images.images, (byte) => byte / 255);
  const kernel = normalisedKernel(await extendKernel(emptyKernel(known, images.count), values, options));
  const wanted = [...new Set(dimensions)].filter((count) => count <= MOST_COMPONENTS).toSorted((a, b) => a - b);
  onProgress?.("probing pixels", 0, wanted.length + 1);
  const pixels = await probeKernel(kernel, values.length / images.count, data, options);
  const components: ProbedFeatures[] = [];
  if (wanted.length === 0) return { pixels, components };
  const found = await principalComponents(kernel, wanted[wanted.length - 1], options);
  for (const [index, count] of wanted.entries()) {
    onProgress?.("probing pixels", index + 1, wanted.length + 1);
    if (count > found.count) break;
    components.push(await probeKernel(await componentKernel(kernel, found, count, options), count, data, options));
  }
  return { pixels, components };
}

async function probeKernel(
  kernel: Kernel,
  dimensions: number,
  { images, known, chosen, tested, classes }: ProbeImages,
  options: ProbeOptions,
): Promise<ProbedFeatures> {
  const normalised = normalisedKernel(kernel);
  const labels = images.labels.subarray(0, known + chosen + tested);
  const data = { labels, classes: classes.length, chosen };
  return {
    dimensions,
    linear: await linearProbe(normalised, data, options),
    nearest: nearestProbe(normalised, data),
  };
}

const neighboursOf = (kernel: Kernel, { images, queries, known }: ProbeImages): number[][] =>
  Array.from({ length: queries }, (_, query) => [
    ...nearestKnown(kernel, images.count - queries + query, Math.min(NEIGHBOURS, known)),
  ]);
