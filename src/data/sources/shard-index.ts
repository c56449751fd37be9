/** @file What is known of shards before any image is read: so many images each, where they lie, and their labels. Plain data. */

/** Where the images of a shard lie. */
type ShardPlan =
  | { format: "webdataset"; starts: Float64Array; lengths: Uint32Array }
  | {
      format: "parquet";
      column: string;
      /** The column of shapes, where images are numbers. */
      shape?: string;
      /** Rows of every row group. */
      groups: number[];
      /** The row of every image. */
      rows: Uint32Array;
    };

/** One shard: twelve bytes an image of a WebDataset, four of Parquet, and four for its label. */
export interface IndexedShard {
  name: string;
  /** A path or an address. */
  place: string;
  count: number;
  /** [count]; length 0 without classes. */
  labels: Int32Array;
  plan: ShardPlan;
}

/** The shards of a set, in its order. */
export interface ShardIndex {
  description: string;
  classes: string[];
  shards: IndexedShard[];
  notices: string[];
}

/** The shards that have images once those without a label are left out, where there are classes. */
export function labelledShards(
  shards: readonly (Omit<IndexedShard, "labels"> & { values: readonly (number | undefined)[] })[],
  classes: readonly string[],
): IndexedShard[] {
  return shards.flatMap(({ values, plan, ...shard }) => {
    const kept = values.flatMap((label, image) => (classes.length === 0 || label !== undefined ? [image] : []));
    const labels = Int32Array.from(classes.length === 0 ? [] : kept, (image) => values[image]!);
    const own: ShardPlan =
      plan.format === "webdataset"
        ? {
            ...plan,
            starts: Float64Array.from(kept, (image) => plan.starts[image]),
            lengths: Uint32Array.from(kept, (image) => plan.lengths[image]),
          }
        : { ...plan, rows: Uint32Array.from(kept, (image) => plan.rows[image]) };
    return kept.length > 0 ? [{ ...shard, count: kept.length, labels, plan: own }] : [];
  });
}
