/** @file The latents of images as features for other programs: posterior means in a file, written as they are made. */
import { digestOfSet, type ImageSet } from "../data/index.js";
import type { BatchedOptions } from "../inference/execution-options.js";
import { posteriorMeans } from "../inference/measures/posterior-means.js";
import type { TrainedModel } from "../inference/trained-model.js";
import { RowFile, type RowTensor } from "../io/tensors/row-file.js";
import { floatTensor, type Tensor } from "../io/tensors/tensor.js";
import { groups } from "../model/index.js";
import { digestOfModel, fingerprint } from "../quality/results.js";
import { version } from "../version.js";

/** How {@link writeLatentFeatures} encodes, and what it writes. */
export interface LatentFeaturesOptions extends BatchedOptions {
  /** The first K groups are written. Default: all. */
  groups?: number;
  dtype?: "float16" | "float32";
  /** The class that the encoder is told of every image, of models with classes. Default: each image's own. */
  label?: number;
  /** Of the noise on small images in super-resolution models. Default 0. */
  seed?: number;
  onProgress?: (done: number, count: number) => void;
}

/** What was written. */
export interface LatentFeatures {
  count: number;
  /** Shape of each group's means of one image, lowest resolution first. */
  groups: { name: string; shape: number[] }[];
  /** Images that an earlier attempt had written. */
  resumedFrom: number;
}

/**
 * Writes the posterior means of images as a safetensors file: `group_00` … [N, Z, r, r]; `kl_nats` [N, L], what each group costs; and
 * `labels` [N], where the images have some. An attempt that was interrupted is gone on with.
 *
 * @throws UserError when the images do not fit the model, or the place cannot be written; the signal's reason when aborted
 */
export async function writeLatentFeatures(
  model: TrainedModel,
  images: ImageSet,
  path: string,
  { groups: wanted, dtype = "float32", label, seed = 0, ...options }: LatentFeaturesOptions = {},
): Promise<LatentFeatures> {
  const all = groups(model.config.model);
  const kept = all.slice(0, wanted ?? all.length).map(({ index, shape }) => ({
    name: `group_${String(index).padStart(2, "0")}`,
    shape: [...shape],
  }));
  const labelled = images.classes.length > 0;
  const tensors: RowTensor[] = [
    ...(labelled ? [{ name: "labels", dtype: "int32", shape: [] } as const] : []),
    { name: "kl_nats", dtype: "float32", shape: [all.length] },
    ...kept.map((group) => ({ ...group, dtype })),
  ];
  const shown = label === undefined ? images : { ...images, labels: new Int32Array(images.count).fill(label) };
  const metadata = {
    strata: version,
    step: String(model.step),
    data: images.name,
    classes: JSON.stringify(images.classes),
  };
  const question = fingerprint(digestOfModel(model), digestOfSet(images), images.name, tensors, label, seed, version);
  await using file = await RowFile.open(path, { tensors, rows: images.count, metadata }, question);
  const resumedFrom = file.rows;
  const encoded =
    resumedFrom < images.count ? posteriorMeans(model, shown, { ...options, first: resumedFrom, seed }) : [];
  for await (const { first, used, means, klNats } of encoded) {
    const own = images.labels.subarray(first, first + used);
    const known: Tensor = { dtype: "int32", shape: [used], data: Int32Array.from(own) };
    const rows = [
      ...(labelled ? [known] : []),
      floatTensor(klNats, [used, all.length]),
      ...kept.map(({ shape }, group) => floatTensor(means[group], [used, ...shape], dtype)),
    ];
    await file.append(used, rows);
  }
  await file.finish();
  return { count: images.count, groups: kept, resumedFrom };
}
