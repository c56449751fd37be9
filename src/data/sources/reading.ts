/** @file How a source is read, where the user says so: by default, names and contents say it. */
import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { Layout } from "./folder-layout.js";

/** What the user says of a source; what is left out is found by names and contents, and told. */
export interface Reading {
  /** What the folders of a set of image files mean. */
  layout?: Layout;
  /** A CSV or JSON Lines file that lists image files and their labels: a path, or the name of a file of the set. */
  labels?: string;
  /** The column of a Parquet file, or of the list of labels, that has images or their names. */
  imageColumn?: string;
  /** The column that has labels; "none": no classes. */
  labelColumn?: string;
  /** The key of a WebDataset's `.json` files that has labels; with dots between nested keys: "info.class". */
  labelKey?: string;
}

/** What of a reading a kind of source makes use of. */
export type ReadingKey = keyof Reading;
export const readingKeys: readonly ReadingKey[] = ["layout", "labels", "imageColumn", "labelColumn", "labelKey"];

/** The reading alone of options that have it among others. */
export const readingOf = (options: Reading): Reading =>
  Object.fromEntries(readingKeys.flatMap((key) => (options[key] === undefined ? [] : [[key, options[key]]])));

/** What tells a reading from others, as part of a source's id: "" of none, "(flat)" of a layout, "(labelColumn=fine)". */
export function readingId(reading: Reading): string {
  const { layout, labels, ...columns } = readingOf(reading);
  const parts = [
    ...(layout === undefined ? [] : [layout]),
    ...(labels === undefined ? [] : [`labels=${isOnDisk(labels) ? resolve(labels) : labels}`]),
    ...Object.entries(columns).map(([key, value]) => `${key}=${value}`),
  ];
  return parts.length === 0 ? "" : `(${parts.join(",")})`;
}

/** Size and time of the list of labels, where it lies on disk beside the set and not in it; "" otherwise. */
export function readingFingerprint({ labels }: Reading): string {
  const status = labels === undefined ? undefined : statSync(labels, { throwIfNoEntry: false });
  return status ? `\0${status.size}\0${status.mtimeMs}` : "";
}

/** Whether there is such a file, from where the program was started. */
export const isOnDisk = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
