/** @file Data sources by name: `emoji`, `cifar10:PATH`, or a path, whose kind is recognised. */
import { existsSync, realpathSync } from "node:fs";
import { resolve } from "node:path";
import { homeFolder } from "../../cache-folder.js";
import { UserError } from "../../errors.js";
import type { HubOptions } from "../../io/hub/access.js";
import { isHubPlace } from "../../io/hub/address.js";
import { fingerprintOf, openCollection } from "../collections/open-collection.js";
import { type Layout, layouts } from "./folder-layout.js";
import { hubSource } from "./hub.js";
import type { PathKind, Source, SourceKind } from "./source.js";
import { allSourceNames, sourceKinds } from "./source-kinds.js";

const kinds: Record<string, SourceKind> = sourceKinds;

/** The kinds that a bare path may turn out to be, each with its name: a folder where it is nothing else. */
const recognisable = Object.entries(kinds).flatMap(([name, kind]) =>
  "list" in kind && kind.recognises ? [{ name, recognises: kind.recognises }] : [],
);
const ANYTHING_ELSE = "folder" satisfies keyof typeof sourceKinds;

/**
 * The source of a kind at a path; what folders mean is part of its id, and the path is the real one, so that the same images
 * are one source however they are named.
 *
 * @param kind - undefined: to be recognised
 */
function sourceAt(kind: string | undefined, path: string, layout?: Layout): Source {
  if (kind !== undefined) expectLayoutFits(kind, path, layout);
  const real = realPath(path);
  const idOf = (which: string) => `${which}${layout === undefined ? "" : `(${layout})`}:${real}`;
  return {
    ids: (kind === undefined ? [ANYTHING_ELSE, ...recognisable.map(({ name }) => name)] : [kind]).map(idOf),
    fingerprint: () => fingerprintOf(path),
    list: async () => {
      const which = kind ?? (await recognised(path));
      expectLayoutFits(which, path, layout);
      return { ...(await pathKind(which)!.list(path, layout)), id: idOf(which) };
    },
  };
}

/** The kind of that name that is found at a path; undefined for another name. */
function pathKind(name: string): PathKind | undefined {
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  return kind && "list" in kind ? kind : undefined;
}

function expectLayoutFits(kind: string, path: string, layout: Layout | undefined): void {
  if (layout !== undefined && !pathKind(kind)?.takesLayout) refuseLayout(layout, `${kind}:${path}`);
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
    `Expected a folder or archive of images with \`layout: "${layout}"\`, got ${name}, whose splits and classes are fixed. ` +
      "Leave the layout out, or read it as folder:PATH.",
  );
}

/**
 * The source of a name.
 *
 * @param resolution - of the model; `emoji:64` must agree with it. Without, images stay encoded
 * @param layout - what folders mean; undefined: what their names say
 * @param hub - how a hub is asked for what lies there
 * @throws UserError when the kind is unknown, nothing is at the path, or a layout is given to a source that has its own
 */
export function sourceOf(
  name: string,
  { resolution, layout, hub = {} }: { resolution?: number; layout?: Layout; hub?: HubOptions } = {},
): Source {
  const [, kind, rest] = /^(?:(\w+):)?(.*)$/s.exec(name)!;
  if (layout !== undefined && !layouts.includes(layout)) {
    throw new UserError("unknown-name", `Expected one of ${layouts.join(", ")} as \`layout\`, got ${layout}.`);
  }
  if (isHubPlace(name)) {
    const id = `hf${layout === undefined ? "" : `(${layout})`}:${rest}`;
    return hubSource(name, id, hub, (path) => sourceAt(undefined, path, layout));
  }
  const [whole, argument] = kind === undefined ? [name, undefined] : [kind, rest];
  const named = Object.hasOwn(kinds, whole) && kinds[whole].usages.length > 0 ? kinds[whole] : undefined;
  if (named && "source" in named) {
    const source = named.source(argument, resolution);
    if (source && layout !== undefined) refuseLayout(layout, name);
    if (source) return source;
  } else if (named) {
    const path = argument === undefined ? named.defaultPath?.() : atHome(argument);
    if (path !== undefined) return sourceAt(whole, path, layout);
  }
  if (existsSync(name)) return sourceAt(undefined, name, layout);
  const missing = kind === undefined ? ", and there is nothing at that path" : "";
  throw new UserError(
    kind === undefined ? "not-found" : "unknown-name",
    `Expected a data source (${allSourceNames}), got "${name}"${missing}.`,
  );
}

/** What a bare path holds: CIFAR-10 and ImageNet as their authors pack them, else images. */
async function recognised(path: string): Promise<string> {
  await using collection = await openCollection(path);
  const names = collection.files.map(({ name }) => name);
  return recognisable.find(({ recognises }) => recognises(names))?.name ?? ANYTHING_ELSE;
}

/** `~/…` in the home folder: shells leave it to us when it follows `folder:`. */
function atHome(path: string): string {
  if (!/^~(?=$|[/\\])/.test(path)) return path;
  const home = homeFolder();
  if (home === undefined)
    throw new UserError("not-found", `Expected a home folder for ${path}, but you have none: give the whole path.`);
  return home + path.slice(1);
}
