/** @file Places on a hub, as one writes them: `hf:OWNER/NAME@REVISION:PATH`. */
import { UserError } from "../../errors.js";

/** What a repository holds; the same name may stand for one of each. */
export type HubKind = "model" | "dataset";

/** A repository of a hub, and what is meant of it. */
export interface HubAddress {
  /** `OWNER/NAME`. */
  name: string;
  /** A branch, a tag or a commit. Default: `main`. */
  revision: string;
  /** A file or folder in it. Default: all. */
  path?: string;
}

const PREFIX = "hf:";

/** Whether a place is one of a hub, rather than of this machine. */
export const isHubPlace = (place: string): boolean => place.startsWith(PREFIX);

/** Longest name of an owner or a repository; of a revision or a path. */
const LONGEST_NAME = 96;
const LONGEST_PATH = 1024;

/**
 * The parts of `hf:OWNER/NAME[@REVISION][:PATH]`.
 *
 * @throws UserError for what is written otherwise
 */
export function parseHubPlace(place: string): HubAddress {
  const [, name = "", revision = "main", path] = /^hf:([^@:]*)(?:@([^:]*))?(?::(.*))?$/s.exec(place) ?? [];
  const named = name.split("/");
  const wellNamed = named.length === 2 && named.every(isName);
  const folder = path?.replace(/\/+$/, "");
  if (wellNamed && isRelativePath(revision) && (folder === undefined || isRelativePath(folder)))
    return { name, revision, path: folder };
  throw new UserError(
    "invalid-options",
    `Expected hf:OWNER/NAME, and behind it @REVISION or :PATH where you mean one, got ${JSON.stringify(place.slice(0, 200))}.`,
  );
}

const isName = (name: string): boolean =>
  /^\w[\w.-]*$/.test(name) && !name.includes("..") && name.length <= LONGEST_NAME;

/** What no name may have: it separates folders elsewhere, or cannot be shown; nor, on Windows, what that gives a meaning. */
const FORBIDDEN = process.platform === "win32" ? /[\\\p{Cc}:*?"<>|]/u : /[\\\p{Cc}]/u;

/** Whether a path stays within the folder that it is relative to. */
export const isRelativePath = (path: string): boolean =>
  path.length <= LONGEST_PATH &&
  !FORBIDDEN.test(path) &&
  path.split("/").every((name) => name !== "" && name !== "." && name !== ".." && Buffer.byteLength(name) <= 255);

/** A place as one writes it. */
export const hubPlace = ({ name, revision, path }: HubAddress): string =>
  `${PREFIX}${name}${revision === "main" ? "" : `@${revision}`}${path === undefined ? "" : `:${path}`}`;
