/** @file Data sources by name: `emoji`, `cifar10:PATH`, `imagenet32:PATH`, `imagenet64:PATH`, `folder:PATH`, or a path. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { homeFolder } from "../../cache-folder.js";
import { UserError } from "../../errors.js";
import { fingerprintOf, openCollection } from "../collections/open-collection.js";
import { fetchedPath } from "../fetch.js";
import { cifar10Listing, isCifar10Batch } from "./cifar10.js";
import { emojiSource } from "./emoji.js";
import { imageFilesListing } from "./image-files.js";
import { imagenetListing } from "./imagenet.js";
import { isInsideNpz, isNpz } from "./imagenet-npz.js";
import type { Listing, Source } from "./listing.js";

const SOURCES =
  "emoji, emoji:RESOLUTION (as emoji:64), cifar10, cifar10:PATH, imagenet32:PATH, imagenet64:PATH, folder:PATH, " +
  "or the path of a folder or of a .zip, .tar or .tar.gz";

/** How each kind lists what is at a path. */
const kinds: Record<string, (path: string) => Promise<Listing>> = {
  folder: imageFilesListing,
  cifar10: cifar10Listing,
  imagenet32: (path) => imagenetListing(path, 32),
  imagenet64: (path) => imagenetListing(path, 64),
  path: recognisedListing,
};

const sourceAt = (kind: string, path: string): Source => ({
  id: `${kind}:${resolve(path)}`,
  fingerprint: () => fingerprintOf(path),
  list: () => kinds[kind](path),
});

/**
 * The source of a name.
 *
 * @param resolution - of the model; `emoji:R` must agree with it. Without, images stay encoded
 * @throws UserError when the kind is unknown, or nothing is at the path
 */
export function sourceOf(name: string, resolution?: number): Source {
  const [, kind, rest] = /^(?:(\w+):)?(.*)$/s.exec(name)!;
  if (/^emoji(:[1-9]\d*)?$/.test(name)) {
    if (kind === undefined || resolution === undefined || Number(rest) === resolution) return emojiSource();
    throw new UserError(
      `The data source ${name} asks for images of ${rest}×${rest}, but the model takes ${resolution}×${resolution}. ` +
        `Give emoji:${resolution}, or simply emoji.`,
    );
  }
  if (name === "cifar10") return sourceAt("cifar10", fetched());
  if (kind !== undefined && Object.hasOwn(kinds, kind) && kind !== "path") return sourceAt(kind, atHome(rest));
  if (existsSync(name)) return sourceAt("path", name);
  const missing = kind === undefined ? ", and there is nothing at that path" : "";
  throw new UserError(`Expected a data source (${SOURCES}), got "${name}"${missing}.`);
}

/** Where `strata fetch cifar10` puts it. */
function fetched(): string {
  const path = fetchedPath("cifar10");
  if (path !== undefined) return path;
  throw new UserError(
    "Expected CIFAR-10 in the cache, found none. Run strata fetch cifar10, or give its place: cifar10:PATH.",
  );
}

/** What a bare path holds: CIFAR-10 and ImageNet as their authors pack them, else images. */
async function recognisedListing(path: string): Promise<Listing> {
  const collection = await openCollection(path);
  const names = collection.files.map(({ name }) => name);
  await collection.close();
  if (names.some(isCifar10Batch)) return cifar10Listing(path);
  if (names.some(isNpz) || isInsideNpz(names)) return imagenetListing(path);
  return imageFilesListing(path);
}

/** `~/…` in the home folder: shells leave it to us when it follows `folder:`. */
function atHome(path: string): string {
  if (!/^~(?=$|[/\\])/.test(path)) return path;
  const home = homeFolder();
  if (home === undefined)
    throw new UserError(`Expected a home folder for ${path}, but you have none: give the whole path.`);
  return home + path.slice(1);
}
