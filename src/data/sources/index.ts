/** @file Data sources by name: `emoji`, `cifar10:PATH`, or a path, whose kind is recognised. */
import { existsSync, realpathSync } from "node:fs";
import { basename, resolve } from "node:path";
import { homeFolder } from "../../cache-folder.js";
import { UserError } from "../../errors.js";
import type { HubOptions } from "../../io/hub/access.js";
import { isHubPlace } from "../../io/hub/address.js";
import { beginningOfFile, fingerprintOf, openCollection } from "../collections/open-collection.js";
import { fingerprintOfPlaces, isPlaces, nameOfPlace, placesOf } from "../places.js";
import { layouts } from "./folder-layout.js";
import { hubSource } from "./hub.js";
import { type Reading, type ReadingKey, readingFingerprint, readingId, readingKeys, readingOf } from "./reading.js";
import type { FoundAtPath, PathKind, Source, SourceKind } from "./source.js";
import { allSourceNames, sourceKinds } from "./source-kinds.js";

const kinds: Record<string, SourceKind> = sourceKinds;

/** The kinds that a bare path may turn out to be, each with its name: a folder where it is nothing else. */
const recognisable = Object.entries(kinds).flatMap(([name, kind]) =>
  "list" in kind && kind.recognises ? [{ name, recognises: kind.recognises }] : [],
);
const ANYTHING_ELSE = "folder" satisfies keyof typeof sourceKinds;

/**
 * The source of a kind at a path; how it is read is part of its id, and the path is the real one, so that the same images
 * are one source however they are named.
 *
 * @param kind - undefined: to be recognised
 */
function sourceAt(kind: string | undefined, path: string, reading: Reading): Source {
  if (kind !== undefined) expectReadingFits(kind, path, reading);
  const real = realPath(path);
  const idOf = (which: string) => `${which}${readingId(reading)}:${real}`;
  return {
    ids: (kind === undefined ? [ANYTHING_ELSE, ...recognisable.map(({ name }) => name)] : [kind]).map(idOf),
    fingerprint: async () => `${await fingerprintOf(path)}${readingFingerprint(reading)}`,
    index: async () => {
      const which = kind ?? (await recognised(path));
      const index = await pathKind(which)!.index?.(path, reading);
      return index && { ...index, id: idOf(which) };
    },
    list: async () => {
      const which = kind ?? (await recognised(path));
      expectReadingFits(which, path, reading);
      return { ...(await pathKind(which)!.list(path, reading)), id: idOf(which) };
    },
  };
}

/** The source of files that a pattern or addresses name; its kind is told by their names where it is not given. */
function sourceAtPlaces(kind: string | undefined, text: string, reading: Reading): Source {
  const places = placesOf(text);
  const name = nameOfPlace(places[0]);
  const which = kind ?? (/\.parquet$/i.test(name) ? "parquet" : /\.tar$/i.test(name) ? "webdataset" : undefined);
  if (which === undefined || !pathKind(which)?.takesPlaces) {
    const takers = Object.keys(kinds).filter((each) => pathKind(each)?.takesPlaces);
    throw new UserError(
      "invalid-options",
      `Expected ${listText(takers)} with several files or an address, got ${kind ? `${kind}:` : ""}${text}. Fetch them, and give the folder.`,
    );
  }
  expectReadingFits(which, text, reading);
  const id = `${which}${readingId(reading)}:${text}`;
  return {
    ids: [id],
    fingerprint: () => fingerprintOfPlaces(places),
    index: async () => ({ ...(await pathKind(which)!.index!(text, reading)), id }),
    list: async () => ({ ...(await pathKind(which)!.list(text, reading)), id }),
  };
}

/** The kind of that name that is found at a path; undefined for another name. */
function pathKind(name: string): PathKind | undefined {
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  return kind && "list" in kind ? kind : undefined;
}

/** @throws UserError for what the user says of a source and its kind has no use for */
function expectReadingFits(kind: string, path: string, reading: Reading): void {
  const unfit = readingKeys.find((key) => reading[key] !== undefined && !pathKind(kind)?.takes?.includes(key));
  if (unfit !== undefined) refuseReading(unfit, reading, `${kind}:${path}`);
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path); // opening it says what is wrong
  }
}

function refuseReading(key: ReadingKey, reading: Reading, name: string): never {
  const takers = Object.entries(kinds).flatMap(([kind, each]) =>
    "list" in each && each.takes?.includes(key) ? [kind] : [],
  );
  throw new UserError(
    "invalid-options",
    `Expected ${listText(takers)} with \`${key}: "${reading[key]}"\`, got ${name}. Leave it out, or read the source as ${takers[0]}:PATH.`,
  );
}

/**
 * The source of a name.
 *
 * @param resolution - of the model; `emoji:64` must agree with it. Without, images stay encoded
 * @param reading - how it is read, where the user says
 * @param hub - how a hub is asked for what lies there
 * @throws UserError when the kind is unknown, nothing is at the path, or it has no use for something of the reading
 */
export function sourceOf(
  name: string,
  { resolution, hub = {}, ...options }: { resolution?: number; hub?: HubOptions } & Reading = {},
): Source {
  const reading = readingOf(options);
  const { layout } = reading;
  const [, kind, rest] = /^(?:(\w+):)?(.*)$/s.exec(name)!;
  if (layout !== undefined && !layouts.includes(layout)) {
    throw new UserError("unknown-name", `Expected one of ${layouts.join(", ")} as \`layout\`, got ${layout}.`);
  }
  if (isHubPlace(name)) {
    return hubSource(name, `hf${readingId(reading)}:${rest}`, hub, (path) => sourceAt(undefined, path, reading));
  }
  if (!(kind !== undefined && Object.hasOwn(kinds, kind)) && isPlaces(name)) {
    return sourceAtPlaces(undefined, name, reading);
  }
  const [whole, argument] = kind === undefined ? [name, undefined] : [kind, rest];
  const named = Object.hasOwn(kinds, whole) && kinds[whole].usages.length > 0 ? kinds[whole] : undefined;
  if (named && "source" in named) {
    const source = named.source(argument, resolution);
    const [unfit] = Object.keys(reading) as ReadingKey[];
    if (source && unfit !== undefined) refuseReading(unfit, reading, name);
    if (source) return source;
  } else if (named) {
    const path = argument === undefined ? named.defaultPath?.() : atHome(argument);
    if (path !== undefined) return (isPlaces(path) ? sourceAtPlaces : sourceAt)(whole, path, reading);
  }
  if (existsSync(name)) return sourceAt(undefined, name, reading);
  const missing = kind === undefined ? ", and there is nothing at that path" : "";
  throw new UserError(
    kind === undefined ? "not-found" : "unknown-name",
    `Expected a data source (${allSourceNames}), got "${name}"${missing}.`,
  );
}

/** What a bare path holds: what its names, or the beginning of a single file, say; else images. */
async function recognised(path: string): Promise<string> {
  const found = await foundAt(path);
  return recognisable.find(({ recognises }) => recognises(found))?.name ?? ANYTHING_ELSE;
}

async function foundAt(path: string): Promise<FoundAtPath> {
  const beginning = await beginningOfFile(path);
  if (beginning !== undefined) return { names: [basename(path)], beginning };
  await using collection = await openCollection(path);
  return { names: collection.files.map(({ name }) => name) };
}

const listText = (names: readonly string[]): string =>
  [
    names
      .slice(0, -1)
      .map((name) => `${name}:PATH`)
      .join(", "),
    `${names.at(-1)}:PATH`,
  ]
    .filter((part) => part !== "")
    .join(" or ");

/** `~/…` in the home folder: shells leave it to us when it follows `folder:`. */
function atHome(path: string): string {
  if (!/^~(?=$|[/\\])/.test(path)) return path;
  const home = homeFolder();
  if (home === undefined)
    throw new UserError("not-found", `Expected a home folder for ${path}, but you have none: give the whole path.`);
  return home + path.slice(1);
}
