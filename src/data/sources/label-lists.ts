/** @file The lists of labels that lie among a collection's files. */
import { UserError } from "../../errors.js";
import type { Collection } from "../collections/collection.js";
import { baseName, DATASET_JSON, LARGEST_DATASET_JSON } from "./labels.js";

/** One around everything, or one in each part. */
const MOST_LISTS = 4;

/** A `dataset.json`. */
export interface LabelList {
  name: string;
  bytes: Uint8Array;
}

/** Whether a file is called as lists are. */
export const isLabelList = (name: string): boolean => baseName(name) === DATASET_JSON;

/** @throws UserError when there are too many, or one cannot be read */
export async function readLists(collection: Collection): Promise<LabelList[]> {
  const names = collection.files.map(({ name }) => name).filter(isLabelList);
  const refuse = (problem: string): never => {
    throw new UserError(
      "unreadable",
      `Expected labels in at most ${MOST_LISTS} readable files ${DATASET_JSON} of ${collection.path}, but ${problem}.`,
    );
  };
  if (names.length > MOST_LISTS) refuse(`it has ${names.length} files called ${DATASET_JSON}`);
  const lists: LabelList[] = [];
  for await (const content of collection.read(new Set(names), { largest: LARGEST_DATASET_JSON })) {
    if ("error" in content) refuse(`its ${content.name} cannot be used: ${content.error}`);
    else lists.push(content);
  }
  return lists;
}
