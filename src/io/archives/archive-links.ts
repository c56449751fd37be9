/**
 * @file Links in archives: read as the files that they lead to, where these are in the same archive. Nothing else is
 * ever followed.
 */
import { type ArchiveEntry, escaped, type Refusal } from "./archive-entry.js";

/** A link that an archive has. */
export interface ArchiveLink {
  /** Its own path, in normal form. */
  readonly name: string;
  /** Where it leads, as the archive spells it. */
  readonly target: string;
  /** Symbolic links lead on from their own folder, hard links from the beginning of the archive. */
  readonly symbolic: boolean;
}

/**
 * What links lead to, directly or over other links: regular files of the archive, under the links' names.
 *
 * @param entries - the archive's regular files; a link to one of them may stand before or behind it
 */
export function resolveLinks<Entry extends ArchiveEntry>(
  entries: readonly Entry[],
  links: readonly ArchiveLink[],
): { entries: Entry[]; refused: Refusal[] } {
  const resolved: Entry[] = [];
  const refused: Refusal[] = [];
  if (links.length === 0) return { entries: resolved, refused };
  const files = new Map(entries.map((entry) => [entry.name, entry]));
  const others = new Map(links.map((link) => [link.name, link]));
  for (const link of links) {
    const found = follow(link, files, others);
    if (typeof found === "string") refused.push({ file: link.name, reason: `it is ${describe(link)}, ${found}` });
    else resolved.push({ ...found, name: link.name });
  }
  return { entries: resolved, refused };
}

const describe = ({ symbolic, target }: ArchiveLink): string =>
  `a ${symbolic ? "symbolic" : "hard"} link to ${target === "" ? "nothing" : escaped(target)}`;

/** The file at the end of a link, or why there is none. */
function follow<Entry>(
  link: ArchiveLink,
  files: ReadonlyMap<string, Entry>,
  links: ReadonlyMap<string, ArchiveLink>,
): Entry | string {
  const passed = new Set<string>();
  for (let at: ArchiveLink | undefined = link; at !== undefined; ) {
    if (passed.has(at.name)) return "which leads back to itself";
    passed.add(at.name);
    const path = pathOf(at);
    if (path === undefined) return "which leads out of the archive";
    const file = files.get(path);
    if (file !== undefined) return file;
    at = links.get(path);
  }
  return "which is no file of the archive";
}

/** Where a link leads, in normal form; undefined where that is outside of the archive. */
function pathOf({ name, target, symbolic }: ArchiveLink): string | undefined {
  if (target.startsWith("/")) return undefined;
  const path = symbolic ? `${name.slice(0, name.lastIndexOf("/") + 1)}${target}` : target;
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") {
      if (!symbolic || parts.pop() === undefined) return undefined;
    } else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.join("/");
}
