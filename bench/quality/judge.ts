/** @file The judge of samples: features of a classifier of the training images, and what it reads. */
import { type ImageSet, type ImageSplits, takeSpread } from "../../src/data/index.js";
import { Runtime } from "../../src/engine/index.js";
import { openClassifier } from "../../src/quality/classifier/open-classifier.js";
import { measureFeatures } from "../../src/quality/feature-set.js";
import { streamImages } from "../../src/quality/image-streams.js";
import { compareToReference, type QualityMetric } from "../../src/quality/quality.js";
import { referenceOfSet } from "../../src/quality/reference.js";
import { logLine } from "./log.js";

const METRICS = ["fid", "precision", "recall", "accuracy"] as const satisfies QualityMetric[];

/** What samples get: distance, precision and recall beside the training images, and the share whose label is read. */
export type Figures = Record<(typeof METRICS)[number], number>;

/** Figures of sets of images with labels, uint8 [count, 3, R, R] each, and, last, of as many held-out images. */
export async function judge(
  samples: readonly { images: Uint8Array; labels: Int32Array }[],
  { train, test, validation }: ImageSplits,
  threads: number,
): Promise<{ samples: Figures[]; heldOut: Figures }> {
  await using runtime = new Runtime({ threads });
  const say = logLine();
  await using extractor = await openClassifier(train, {
    runtime,
    onProgress: ({ step, steps }) => say(`the judge learns to read, step ${step} of ${steps}`),
  });
  const reference = await referenceOfSet(train, extractor, { runtime });
  const { resolution } = train;
  const figures = async (pictures: { images: Uint8Array; labels: Int32Array }): Promise<Figures> => {
    const stream = streamImages({ ...pictures, count: pictures.labels.length, resolution });
    const features = await measureFeatures(stream, extractor, { logits: true, runtime });
    const values = await compareToReference(features, reference, METRICS, extractor.name, { runtime });
    return Object.fromEntries(values.map(({ metric, value }) => [metric, value])) as Figures;
  };
  const unseen: ImageSet<Uint8Array> = takeSpread(test.count > 0 ? test : validation, samples[0].labels.length);
  const found: Figures[] = [];
  for (const one of samples) found.push(await figures(one));
  return { samples: found, heldOut: await figures({ images: unseen.images, labels: unseen.labels }) };
}
