/** @file Data sources by name: `emoji`, `cifar10:PATH`, `imagenet32:PATH`, `imagenet64:PATH`, `folder:PATH`, or a path. */
import { existsSync, realpathSync } from "node:fs";
import { resolve } from "node:path";
import { homeFolder } from "../../cache-folder.js";
import { UserError } from "../../errors.js";
import { fingerprintOf, openCollection } from "../collections/open-collection.js";
import { fetchedPath } from "../fetch.js";
import { cifar10Listing, isCifar10Batch } from "./cifar10.js";
import { emojiSource } from "./emoji.js";
import { type Layout, layouts } from "./folder-layout.js";
import { imageFilesListing } from "./image-files.js";
import { imagenetListing } from "./imagenet.js";
import { isInsideNpz, isNpz } from "./imagenet-npz.js";
import type { Listing, Source } from "./listing.js";

const SOURCES =
  "emoji, emoji:RESOLUTION (as emoji:64), cifar10, cifar10:PATH, imagenet32:PATH, imagenet64:PATH, folder:PATH, " +
  "or the path of a folder or of a .zip, .tar or .tar.gz";

/** How each kind lists what is at a path. */
const kinds: Record<string, (path: string, layout?: Layout) => Promise<Listing>> = {
  folder: imageFilesListing,
  cifar10: cifar10Listing,
  imagenet32: (path) => imagenetListing(path, 32),
  imagenet64: (path) => imagenetListing(path, 64),
  imagenet: (path) => imagenetListing(path),
};

/** The kinds that a bare path may turn out to be. */
const recognisable = ["folder", "cifar10", "imagenet"];

/**
 * The source of a kind at a path; what folders mean is part of its id, and the path is the real one, so that the same images
 * are one source however they are named.
 *
 * @param kind - undefined: to be recognised
 */
function sourceAt(kind: string | undefined, path: string, layout?: Layout): Source {
  if (layout !== undefined && kind !== undefined && kind !== "folder") refuseLayout(layout, `${kind}:${path}`);
  const real = realPath(path);
  const idOf = (which: string) => `${which}${layout === undefined ? "" : `(${layout})`}:${real}`;
  return {
    ids: (kind === undefined ? recognisable : [kind]).map(idOf),
    fingerprint: () => fingerprintOf(path),
    list: async () => {
      const which = kind ?? (await recognised(path));
      if (layout !== undefined && which !== "folder") refuseLayout(layout, `${which}:${path}`);
      return { ...(await kinds[which](path, layout)), id: idOf(which) };
    },
  };
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path); // opening it says what is wrong
  }
}

function refuseLayout(layout: Layout, name: string): never {
  throw new UserError(
    "invalid-options",
    `--layout ${layout}: expected a folder or archive of images, got ${name}, whose splits and classes are fixed. ` +
      "Leave the option out, or read it as folder:PATH.",
  );
}

/**
 * The source of a name.
 *
 * @param resolution - of the model; `emoji:R` must agree with it. Without, images stay encoded
 * @param layout - what folders mean; undefined: what their names say
 * @throws UserError when the kind is unknown, nothing is at the path, or a layout is given to a source that has its own
 */
export function sourceOf(name: string, { resolution, layout }: { resolution?: number; layout?: Layout } = {}): Source {
  const [, kind, rest] = /^(?:(\w+):)?(.*)$/s.exec(name)!;
  if (layout !== undefined && !layouts.includes(layout)) {
    throw new UserError("unknown-name", `--layout ${layout}: expected one of ${layouts.join(", ")}.`);
  }
  if (/^emoji(:[1-9]\d*)?$/.test(name)) {
    if (layout !== undefined) refuseLayout(layout, name);
    if (kind === undefined || resolution === undefined || Number(rest) === resolution) return emojiSource();
    throw new UserError(
      "wrong-shape",
      `The data source ${name} asks for images of ${rest}×${rest}, but the model takes ${resolution}×${resolution}. ` +
        `Give emoji:${resolution}, or simply emoji.`,
    );
  }
  if (name === "cifar10") return sourceAt("cifar10", fetched(), layout);
  if (kind !== undefined && Object.hasOwn(kinds, kind) && kind !== "imagenet") {
    return sourceAt(kind, atHome(rest), layout);
  }
  if (existsSync(name)) return sourceAt(undefined, name, layout);
  const missing = kind === undefined ? ", and there is nothing at that path" : "";
  throw new UserError(
    kind === undefined ? "not-found" : "unknown-name",
    `Expected a data source (${SOURCES}), got "${name}"${missing}.`,
  );
}

/** Where `strata fetch cifar10` puts it. */
function fetched(): string {
  const path = fetchedPath("cifar10");
  if (path !== undefined) return path;
  throw new UserError(
    "not-found",
    "Expected CIFAR-10 in the cache, found none. Run strata fetch cifar10, or give its place: cifar10:PATH.",
  );
}

/** What a bare path holds: CIFAR-10 and ImageNet as their authors pack them, else images. */
async function recognised(path: string): Promise<string> {
  const collection = await openCollection(path);
  const names = collection.files.map(({ name }) => name);
  await collection.close();
  if (names.some(isCifar10Batch)) return "cifar10";
  return names.some(isNpz) || isInsideNpz(names) ? "imagenet" : "folder";
}

/** `~/…` in the home folder: shells leave it to us when it follows `folder:`. */
function atHome(path: string): string {
  if (!/^~(?=$|[/\\])/.test(path)) return path;
  const home = homeFolder();
  if (home === undefined)
    throw new UserError("not-found", `Expected a home folder for ${path}, but you have none: give the whole path.`);
  return home + path.slice(1);
}
