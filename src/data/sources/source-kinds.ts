/** @file The table of data sources: a name before the colon of `--data` for each. */
import { arrays } from "./arrays.js";
import { cifar10 } from "./cifar10.js";
import { emoji } from "./emoji.js";
import { glyphs } from "./glyphs.js";
import { idx } from "./idx.js";
import { folder } from "./image-files.js";
import { imagenet, imagenet32, imagenet64 } from "./imagenet.js";
import { parquet } from "./parquet.js";
import type { SourceKind } from "./source.js";
import { webdataset } from "./webdataset.js";

/** Every kind of source, in the order in which help texts list them and paths are recognised. */
export const sourceKinds = {
  emoji,
  glyphs,
  cifar10,
  imagenet32,
  imagenet64,
  imagenet,
  arrays,
  idx,
  parquet,
  webdataset,
  folder,
} satisfies Record<string, SourceKind>;

/** Names of the sets that come with Strata, and need no path. */
export const builtInNames: readonly string[] = Object.entries<SourceKind>(sourceKinds).flatMap(([name, kind]) =>
  "list" in kind ? [] : [name],
);

const usages = Object.values<SourceKind>(sourceKinds).map((kind) => kind.usages);

/** How `--data` may be written, for help texts: one way for each kind. */
export const sourceNames = `${usages.flatMap((ways) => ways.slice(0, 1)).join(", ")}, hf:OWNER/NAME, or a path`;

/** All the ways, for messages. */
export const allSourceNames = `${usages.flat().join(", ")}, hf:OWNER/NAME on a hub, or the path of a folder or of a .zip, .tar or .tar.gz`;
