/** @file The latents of images as features for other programs: posterior means in a file, written as they are made. */
import { extname } from "node:path";
import { digestOfSet, type ImageSet } from "../data/index.js";
import { UserError } from "../errors.js";
import type { BatchedOptions } from "../inference/execution-options.js";
import { posteriorMeans } from "../inference/measures/posterior-means.js";
import type { TrainedModel } from "../inference/trained-model.js";
import type { Content } from "../io/files/atomic-file.js";
import { RowFile, type RowTensor, type WrittenRows } from "../io/tensors/row-file.js";
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

/** Makes a file of rows. */
type Encoder = (rows: WrittenRows, signal?: AbortSignal) => Content;

/** The kinds of files by the end of their name; undefined for the file that rows are written to as they are made. */
const kinds: Record<string, () => Promise<Encoder | undefined>> = {
  ".safetensors": async () => undefined,
  ".npz": async () => (await import("../io/numpy/npz.js")).npzOfRows,
  ".parquet": async () => (await import("../io/parquet/parquet-rows.js")).parquetOfRows,
};

/** What the name of a file of features may end in. */
export const featureFileEndings: readonly string[] = Object.keys(kinds);

/**
 * Writes the posterior means of images as a file of the kind that its name ends in, safetensors, npz or Parquet: `group_00` …
 * [N, Z, r, r]; `kl_nats` [N, L], what each group costs; and `labels` [N], where the images have some. Rows are written to
 * `PATH.part` as they are made, and an attempt that was interrupted is gone on with. That part is a safetensors file; the other
 * kinds are made of it at the end, a piece at a time, and appear whole.
 *
 * @throws UserError when the name ends in none of {@link featureFileEndings}, the images do not fit the model, or the place cannot be written; the signal's reason when aborted
 */
export async function writeLatentFeatures(
  model: TrainedModel,
  images: ImageSet,
  path: string,
  { groups: wanted, dtype = "float32", label, seed = 0, ...options }: LatentFeaturesOptions = {},
): Promise<LatentFeatures> {
  const kind = kinds[extname(path).toLowerCase()];
  if (kind === undefined) {
    throw new UserError(
      "invalid-options",
      `\`out: "${path}"\`: expected a file name that ends in ${featureFileEndings.join(", ")}.`,
    );
  }
  const encoder = await kind();
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
  const { signal } = options;
  await file.finish(encoder && ((rows) => encoder(rows, signal)));
  return { count: images.count, groups: kept, resumedFrom };
}
