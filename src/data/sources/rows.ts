/**
 * @file Sets whose images are rows: of arrays, of tables, of shards. What they have in common: the splits that the names of
 * files say, classes by values, and a listing made of both.
 */
import { UserError } from "../../errors.js";
import type { Refusal } from "../../io/archives/archive-entry.js";
import { type Split, splits } from "../image-set.js";
import { splitByKey } from "../split.js";
import { unusedFiles } from "./files.js";
import { isSplit } from "./folder-layout.js";
import { type Labelling, listed, normalised } from "./labels.js";
import type { Listing, SourceImage, SourceRecord } from "./source.js";
import { type Part, partSuggested, partsOf } from "./split-names.js";

/** More images are refused: the largest sets that are read whole have fourteen million. */
export const MOST_ROWS = 20e6;

/** An image of a set of rows. */
interface Row {
  /** Unique in the set, and the same in every form of it. */
  name: string;
  /** The file, array or shard it lies in: what says its split. */
  group: string;
}

/** What a set of rows is. */
export interface Rows {
  description: string;
  rows: readonly Row[];
  /** Of every row. */
  labelling: Labelling;
  refused: readonly Refusal[];
  /** Sentences: which columns or arrays were taken. */
  notices: readonly string[];
  /** What the groups are: "files", "arrays". */
  groups: string;
  /** For messages. */
  path: string;
  read(signal?: AbortSignal): AsyncIterable<{ row: number } & SourceRecord>;
  close(): Promise<void>;
}

/** The listing of a set of rows: splits by the names of groups, as of folders; where there are classes, only labelled rows. */
export function listingOfRows(set: Rows): Listing {
  const { rows, labelling, description, refused, path } = set;
  if (rows.length === 0) {
    throw new UserError("too-few-images", `Expected images in ${path}, but ${description} there have none.`);
  }
  const { classes, labels } = labelling;
  const parts = partsOfGroups([...new Set(rows.map(({ group }) => group))]);
  const partOf = (row: number): Part | undefined => (parts ? parts.get(rows[row].group) : "train");
  const isUsed = (row: number) => isSplit(partOf(row)) && (classes.length === 0 || labels[row] !== undefined);
  const used = rows.map((_, row) => row).filter(isUsed);
  const chosen = dividedSplits(
    used.map((row) => ({ key: normalised(rows[row].name), part: partOf(row) as Split })),
    parts !== undefined,
  );
  const images = used.map((row, index): SourceImage => {
    const label = labels[row];
    return { name: rows[row].name, split: chosen[index], ...(label === undefined ? {} : { label }) };
  });
  const indexOf = new Int32Array(rows.length).fill(-1);
  used.forEach((row, index) => {
    indexOf[row] = index;
  });
  const names = (which: (row: number) => boolean) => rows.flatMap(({ name }, row) => (which(row) ? [name] : []));
  const beside = names((row) => !isSplit(partOf(row)));
  const unlabelled = names((row) => isSplit(partOf(row)) && !isUsed(row));
  return {
    description,
    classes,
    images,
    refused,
    unused: [
      unusedFiles(unlabelled, "image without a label", "images without a label"),
      unusedFiles(beside, `image beside the splits`, `images beside the splits`),
    ].filter(({ count }) => count > 0),
    notices: [...set.notices, ...aboutSplits(parts, images, set.groups), ...aboutClasses(classes)],
    read: async function* (signal) {
      for await (const { row, ...record } of set.read(signal)) {
        if (indexOf[row] >= 0) yield { index: indexOf[row], ...record };
      }
    },
    [Symbol.asyncDispose]: set.close,
  };
}

/**
 * The split of each image: what is not given as validation or test is chosen from the training images, by a hash of the keys.
 *
 * @param divided - whether the set says what is held out
 */
export function dividedSplits(images: readonly { key: string; part: Split }[], divided: boolean): Split[] {
  const present = new Set(divided ? images.map(({ part }) => part) : []);
  const hashed = splitByKey(images.filter(({ part }) => part === "train").map(({ key }) => key));
  return images.map(({ key, part }) => {
    const chosen = part === "train" ? hashed.get(key)! : part;
    return present.has(chosen) ? part : chosen; // nothing is added to a split that is given
  });
}

/**
 * The part of every group by its name: of `data/train-00000-of-00004.parquet` what stands before the count, of `0000.parquet`
 * or `images.npy` the folder around it.
 *
 * @returns undefined where the names say nothing
 */
export function partsOfGroups(groups: readonly string[]): Map<string, Part | undefined> | undefined {
  const words = new Map(groups.map((group) => [group, wordOf(group)]));
  const found = partsOf([...new Set(words.values())].filter((word) => word !== ""));
  return found && new Map(groups.map((group) => [group, found.parts.get(words.get(group)!)]));
}

/** What of a group's name may say a part: its own stem without counts, or its folders'. */
function wordOf(group: string): string {
  const parts = group.split("/").filter((part) => part !== "");
  const stem = (parts.at(-1) ?? "")
    .replace(/\.(parquet|tar|tar\.gz|tgz|npz|npy|gz)$/gi, "")
    .replace(/-\d+-of-\d+$/, "")
    .replace(/[-_.]?\d+$/, "")
    .replace(/^t10k\b/, "test"); // MNIST's ten thousand
  if (partSuggested(stem) !== undefined) return stem;
  const folder = parts.slice(0, -1).findLast((part) => partSuggested(part) !== undefined);
  return folder ?? stem;
}

function aboutSplits(
  parts: ReadonlyMap<string, Part | undefined> | undefined,
  images: readonly SourceImage[],
  groups: string,
): string[] {
  if (parts === undefined) return [];
  const given = splits.flatMap((split) => {
    const names = [...parts].filter(([, part]) => part === split).map(([group]) => group);
    return names.length > 0 ? [`${split} (${listed(names)})`] : [];
  });
  const known = new Set(parts.values());
  const drawn = splits.filter(
    (split) => split !== "train" && !known.has(split) && images.some((image) => image.split === split),
  );
  const each = drawn.length > 1 ? "each" : "it";
  return [
    `Splits by the names of ${groups}: ${given.join(", ")}.`,
    ...(drawn.length > 0
      ? [
          `No ${groups} for ${drawn.join(" or ")}: 5 % of the training images go to ${each}, chosen by a hash of their names.`,
        ]
      : []),
  ];
}

const aboutClasses = (classes: readonly string[]): string[] =>
  classes.length > 0 ? [`Classes: ${classes.length} (${listed(classes)}).`] : [];
