/**
 * @file Files of collections: which are images, by name, or by content where the name does not say; how they are read;
 * and what the others are.
 */

import { dirname, extname } from "node:path/posix";
import type { Collection, Failure } from "../collections/collection.js";
import { LARGEST_FILE } from "../decoding/decode.js";
import { hasImageExtension, IMAGE_BEGINNING, type ImageKind, imageKindOf } from "../decoding/image-format.js";
import type { SourceContent, UnusedFiles } from "./source.js";

/** A file of one of several collections. */
export interface SourceFile {
  collection: Collection;
  /** In its collection. */
  name: string;
}

/** All files of some collections. */
export const filesOf = (collections: readonly Collection[]): SourceFile[] =>
  collections.flatMap((collection) => collection.files.map(({ name }) => ({ collection, name })));

/**
 * Reads files of several collections, each collection in the order that costs it least.
 *
 * @returns bytes or what went wrong, with the index into `files`
 */
export async function* readFiles(
  files: readonly SourceFile[],
  { largest = LARGEST_FILE, signal }: { largest?: number; signal?: AbortSignal } = {},
): AsyncGenerator<{ index: number } & ({ bytes: Uint8Array } | Failure)> {
  const wanted = new Map<Collection, Map<string, number>>();
  files.forEach(({ collection, name }, index) => {
    if (!wanted.has(collection)) wanted.set(collection, new Map());
    wanted.get(collection)!.set(name, index);
  });
  for (const [collection, indices] of wanted) {
    for await (const { name, ...content } of collection.read(new Set(indices.keys()), { largest, signal })) {
      yield { index: indices.get(name)!, ...content };
    }
  }
}

/** Image files as the content of a listing. */
export async function* readImages(files: readonly SourceFile[], signal?: AbortSignal): AsyncGenerator<SourceContent> {
  for await (const file of readFiles(files, { signal })) {
    yield "bytes" in file ? { index: file.index, encoded: file.bytes } : file;
  }
}

export interface FoundImages {
  /** Sorted by name. */
  names: string[];
  /** Those among them that are images by their content alone. */
  disguised: string[];
  /** By kind, the most frequent first. */
  unused: UnusedFiles[];
  /** Folders all of whose images are of a kind that is not read. */
  unreadableFolders: string[];
}

/** So many files are opened at most to see what they are, and so many are kept by name. */
const MOST_OPENED = { folder: 10_000, archive: 1000 };
const KEPT = 1000;
/** Kinds that are listed separately. */
const MOST_KINDS = 50;

/** Files that lie beside images and are none: they are not opened. */
const documents = new Set(
  ".txt .md .csv .tsv .json .jsonl .xml .yaml .yml .toml .ini .cfg .log .html .htm .css .js .py .ipynb .sh .mat .npy .npz .pt .pth .pkl .pickle .safetensors .h5 .hdf5 .parquet .arrow .pdf .doc .docx .zip .tar .gz .tgz .7z .rar .db .sqlite".split(
    " ",
  ),
);

/**
 * Sorts the files of a collection. A file whose extension is not that of an image, nor of a document, is opened: it is used
 * where its content is an image that can be read.
 *
 * @param used - whether a file that is no image serves otherwise, as a list of labels does
 */
export async function findImages(
  collection: Collection,
  used: (name: string) => boolean = () => false,
): Promise<FoundImages> {
  const names: string[] = [];
  const others: string[] = [];
  for (const { name } of collection.files) {
    if (hasImageExtension(name)) names.push(name);
    else if (!used(name)) others.push(name);
  }
  const kinds = await kindsOf(collection, others);
  const disguised = others.filter((name) => kinds.get(name)?.kind === "readable");
  const rest = others.filter((name) => kinds.get(name)?.kind !== "readable");
  const all = disguised.length > 0 ? [...names, ...disguised].sort() : names;
  const unreadable = rest.filter((name) => kinds.get(name)?.kind === "unreadable");
  const inhabited = unreadable.length > 0 ? new Set(all.map((name) => dirname(name))) : new Set();
  return {
    names: all,
    disguised,
    unused: byKind(rest, kinds),
    unreadableFolders: [...new Set(unreadable.map((name) => dirname(name)))].filter((name) => !inhabited.has(name)),
  };
}

/** What the content of files says, of as many as are opened. */
async function kindsOf(collection: Collection, names: readonly string[]): Promise<Map<string, ImageKind>> {
  const most = collection.kind === "folder" ? MOST_OPENED.folder : MOST_OPENED.archive;
  const opened = names.filter((name) => !documents.has(extname(name).toLowerCase())).slice(0, most);
  const kinds = new Map<string, ImageKind>();
  if (opened.length === 0) return kinds;
  for await (const { name, bytes } of collection.readBeginnings(new Set(opened), IMAGE_BEGINNING)) {
    kinds.set(name, imageKindOf(bytes, name));
  }
  return kinds;
}

function byKind(names: readonly string[], kinds: ReadonlyMap<string, ImageKind>): UnusedFiles[] {
  const groups = new Map<string, { names: string[]; advice?: string }>();
  for (const name of names) {
    const found = kinds.get(name);
    const unreadable = found?.kind === "unreadable" ? found : undefined;
    const kind = unreadable?.name ?? extname(name).toLowerCase();
    if (!groups.has(kind)) groups.set(kind, { names: [], advice: unreadable?.advice });
    groups.get(kind)!.names.push(name);
  }
  const sorted = [...groups].sort(([, a], [, b]) => b.names.length - a.names.length);
  const rest = sorted.slice(MOST_KINDS).flatMap(([, { names: others }]) => others);
  const unused = sorted.slice(0, MOST_KINDS).map(([kind, { names, advice }]) => {
    const [one, many] =
      kind === "" ? ["file without an extension", "files without an extension"] : [`${kind} file`, `${kind} files`];
    return unusedFiles(names, one, many, advice);
  });
  return rest.length === 0 ? unused : [...unused, unusedFiles(rest, "file of another kind", "files of other kinds")];
}

/** @param one - what a single one is called; `many`, several */
export const unusedFiles = (names: readonly string[], one: string, many: string, advice?: string): UnusedFiles => ({
  what: names.length === 1 ? one : many,
  count: names.length,
  files: names.slice(0, KEPT),
  ...(advice === undefined ? {} : { advice }),
});

/** Files that a sentence names. */
const SHOWN = 3;

/** As part of a sentence: "40 HEIC files (b/1.heic, b/10.heic, b/11.heic, …): convert it to PNG first". */
export const unusedText = ({ what, count, files, advice }: UnusedFiles): string =>
  `${count} ${what} (${files.slice(0, SHOWN).join(", ")}${count > SHOWN ? ", …" : ""})${advice ? `: ${advice}` : ""}`;

/** Kinds that a notice names. */
const KINDS = 8;

/** All that is not used, as a sentence. */
export function unusedNotice(unused: readonly UnusedFiles[]): string {
  const left = unused.slice(KINDS).reduce((sum, { count }) => sum + count, 0);
  const more = left > 0 ? `; and ${left} more of other kinds` : "";
  return `Not used: ${unused.slice(0, KINDS).map(unusedText).join("; ")}${more}.`;
}
