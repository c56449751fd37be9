/** @file What a kind of data source is: what the name before the colon of `--data` stands for. */
import type { Layout } from "./folder-layout.js";
import type { Listing, Source } from "./listing.js";

/** A kind of source that is found at a path: a published set, a folder of images. */
export interface PathKind {
  /** How it is written, the shortest first: "imagenet32:PATH". Empty for one that has no name, and is only recognised. */
  usages: readonly string[];
  /** Lists what is at a path. */
  list(path: string, layout?: Layout): Promise<Listing>;
  /** Whether a bare path with files of these names is of this kind. Default: no. */
  recognises?(names: readonly string[]): boolean;
  /** Where it lies when its name stands alone; throws a UserError where it does not lie there. Default: a path is needed. */
  defaultPath?(): string;
  /** Whether it asks what the folders mean, and takes `--layout`. */
  takesLayout?: boolean;
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
