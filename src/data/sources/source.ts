/**
 * @file What every kind of source offers: a cheap way to notice changes, and a list of images before any is decoded;
 * and what a kind is, which the name before the colon of `--data` stands for.
 */
import type { Refusal } from "../../io/archives/archive-entry.js";
import type { Failure } from "../collections/collection.js";
import type { Split } from "../image-set.js";
import type { Reading, ReadingKey } from "./reading.js";
import type { ShardIndex } from "./shard-index.js";

export interface SourceImage {
  /** Unique in its source, and the same in every form that the source comes in. */
  name: string;
  split: Split;
  /** Whether an image of `test` is also one of those that a run is watched on: official sets have none for that. */
  alsoValidation?: true;
  /** Index into the classes of the listing, when it has some. */
  label?: number;
}

/** Pixels of an image: uint8 [3, H, W], RGB. */
export interface Planes {
  pixels: Uint8Array;
  width: number;
  height: number;
}

/** An image as a file, or its pixels; or why there is none. Bytes may be a view of a longer buffer. */
export type SourceRecord = { encoded: Uint8Array } | Planes | Failure;
export type SourceContent = { index: number } & SourceRecord;

/** Files of one kind that are not used. */
export interface UnusedFiles {
  /** To stand behind the count: "HEIC files", "image outside the class folders". */
  what: string;
  count: number;
  /** The first by name, as many as are kept. */
  files: string[];
  /** What to do with them, where anything can be done. */
  advice?: string;
}

/** What a source holds. Holds files open until it is disposed. */
export interface Listing extends AsyncDisposable {
  /** What it was taken for, in words: "CIFAR-10 in binary batches". */
  description: string;
  /** Names of the classes; empty when there are none. Every image then has a label, or none has. */
  classes: string[];
  /** In an order that depends on nothing but the source. */
  images: readonly SourceImage[];
  /** Files that were skipped before any was opened, and why. */
  refused: readonly Refusal[];
  /** Files that serve for nothing, by kind; absent where the source has no others. */
  unused?: readonly UnusedFiles[];
  /** Whether it is what it is by the name of its kind alone: the bare path is taken for something else. */
  byKind?: boolean;
  /** What was guessed about the source, in sentences that say what to do if that is wrong. */
  notices?: readonly string[];
  /**
   * Every image once, in the order that costs least, by its index into `images`.
   *
   * @throws the signal's reason when it aborts
   * @throws UserError when the source has been damaged since it was listed
   */
  read(signal?: AbortSignal): AsyncIterable<SourceContent>;
}

/** A place where images are. */
export interface Source {
  /**
   * What tells it from other sources: kind and real path. Of a path whose kind is not known before it is opened, the ids that
   * it may turn out to have.
   */
  ids: readonly string[];
  /** `false` where a mirror would make another image of one, as of letters. Default: not known. */
  mirrorable?: false;
  /** Another value means that the source has changed. Costs no more than looking at names, sizes and times. */
  fingerprint(): Promise<string>;
  /** What is known of its shards, for reading them as a stream; `undefined` where it has none. */
  index?(): Promise<(ShardIndex & { id: string }) | undefined>;
  /** @throws UserError when the source is missing, unreadable, or has no images */
  list(): Promise<SourceListing>;
}

/** A listing, and which of the source's ids it is of. */
type SourceListing = Listing & { id: string };

/** What lies at a path, as far as its kind is to be told. */
export interface FoundAtPath {
  /** Names of the files of a folder or an archive; of a single file that is no archive, its own. */
  names: readonly string[];
  /** The first bytes of such a single file, unpacked where it is gzipped; undefined of a folder or an archive. */
  beginning?: Buffer;
}

/** A kind of source that is found at a path: a published set, a folder of images. */
export interface PathKind {
  /** How it is written, the shortest first: "imagenet32:PATH". Empty for one that has no name, and is only recognised. */
  usages: readonly string[];
  /** Lists what is at a path. */
  list(path: string, reading: Reading): Promise<Listing>;
  /** Whether what lies at a bare path is of this kind. Default: no. */
  recognises?(found: FoundAtPath): boolean;
  /** Where it lies when its name stands alone; throws a UserError where it does not lie there. Default: a path is needed. */
  defaultPath?(): string;
  /** What is known of the shards at a path, for reading them as a stream. Default: it has no shards. */
  index?(path: string, reading: Reading): Promise<ShardIndex>;
  /** Whether it reads several files by a pattern, and files on a server. Default: it reads one path. */
  takesPlaces?: true;
  /** What of a reading it makes use of. Default: nothing. */
  takes?: readonly ReadingKey[];
}

/** A kind of source that needs no path: one that comes with the program, or is computed. */
export interface BuiltInKind {
  /** As of {@link PathKind}. */
  usages: readonly string[];
  /**
   * @param argument - what follows the colon; undefined where nothing does
   * @param resolution - of the model, where there is one
   * @returns the source; undefined for an argument that it does not know
   * @throws UserError for an argument that does not fit the model
   */
  source(argument: string | undefined, resolution: number | undefined): Source | undefined;
}

export type SourceKind = PathKind | BuiltInKind;
