/** @file Going through a tar archive from header to header, whether its bytes lie in a file or come out of a stream. */
import { type ArchiveEntry, checkedName, type EntryName, escaped, REPEATED, type Refuse } from "./archive-entry.js";
import type { ArchiveLink } from "./archive-links.js";
import { foreignText } from "./foreign-names.js";
import {
  BLOCK,
  hasData,
  isEmptyBlock,
  isTarHeader,
  type PaxRecords,
  parseHeader,
  parsePax,
  type TarHeader,
  untilNul,
} from "./tar-header.js";

/** Bytes of the longest long name or set of pax records that is read. */
const LARGEST_EXTENSION = 2 ** 20;

/** More members are refused: the largest sets of images have fourteen million. */
const MOST_MEMBERS = 20e6;

/** Blocks behind the end that are looked at: tar fills an archive up to twenty. */
const LOOKED_AT = 40;

/** Why members that are no regular files are skipped. */
const otherTypes: Record<string, string> = {
  "3": "it is a device",
  "4": "it is a device",
  "6": "it is a named pipe",
  S: "it is a sparse file",
};

/** Bytes that are passed in one direction. */
export interface ForwardBytes {
  /** Bytes passed so far. */
  readonly position: number;
  /** No archive of this size has more bytes. */
  readonly most: number;
  /** The next bytes: as many as asked for, or fewer where they end. */
  read(length: number): Promise<Buffer>;
  /** Passes bytes without giving them, at most up to the end. */
  skip(length: number): Promise<void>;
}

/** A regular file of a tar archive. */
export interface TarEntry extends ArchiveEntry {
  /** Where its data begin in the unpacked archive. */
  readonly start: number;
}

/** A regular file, a link, or what is skipped. */
export interface TarMember extends TarEntry {
  readonly link?: ArchiveLink;
  /** Why it is not read; its name is fit to be shown only, then. */
  readonly problem?: string;
}

/** What was said about the next file before its header. */
interface Extensions {
  longName?: Uint8Array;
  longTarget?: Uint8Array;
  pax?: PaxRecords;
}

/**
 * The members of a tar archive in their order, folders left out. When one is given, the bytes stand at its data, which the
 * receiver may read or leave.
 *
 * GNU's long names and the records of pax hold for the next file, not for another extension between: readers that
 * disagree on this see different files in the same archive.
 *
 * @param refuse - throws, given what is wrong with the archive
 */
export async function* tarMembers(bytes: ForwardBytes, refuse: Refuse): AsyncGenerator<TarMember> {
  const seen = new Set<string>();
  let extensions: Extensions = {};
  for (let count = 0; count <= MOST_MEMBERS; ) {
    const at = bytes.position;
    const refuseHeader: Refuse = (problem) => refuse(`its header at byte ${at} ${problem}`);
    const block = await nextBlock(bytes, refuse);
    if (isEmptyBlock(block)) return finish(bytes, extensions, refuse);

    const header = parseHeader(block, refuseHeader);
    if (header.extended) await skipSparseMap(bytes, refuse);
    const isExtension = "LKxg".includes(header.type);
    const claimed = isExtension ? header.bytes : (extensions.pax?.bytes ?? header.bytes);
    const size = hasData(header.type) ? claimed : 0;
    const start = bytes.position;
    if (start + size > bytes.most) {
      const name = escaped(extensions.pax?.path ?? extensions.longName ?? header.name);
      refuse(`${name} at byte ${at} claims ${size} bytes, more than the archive has: it is truncated or damaged`);
    }
    if (isExtension) {
      if (size > LARGEST_EXTENSION) refuseHeader(`claims ${size} bytes of name or records; at most 1 MiB are read`);
      const data = await bytes.read(size);
      if (data.length < size) refuse(truncatedAt(bytes.position));
      extensions = extended(extensions, header.type, data, refuseHeader);
    } else {
      count++;
      const found = named(header, extensions);
      if (found !== undefined) {
        const problem = found.problem ?? (seen.has(found.name) ? REPEATED : undefined);
        const member = { name: found.name, bytes: size, start };
        if (problem !== undefined) yield { ...member, problem };
        else {
          seen.add(found.name);
          yield isLink(header.type) ? { ...member, link: linkOf(found.name, header, extensions) } : member;
        }
      }
      extensions = {};
    }
    await bytes.skip(start + Math.ceil(size / BLOCK) * BLOCK - bytes.position);
  }
  refuse(`it has more than ${MOST_MEMBERS} files`);
}

const truncatedAt = (at: number) => `it ends at byte ${at}, too early: it is truncated. Get it again, whole`;

async function nextBlock(bytes: ForwardBytes, refuse: Refuse): Promise<Buffer> {
  const block = await bytes.read(BLOCK);
  if (bytes.position === 0) return refuse("it is empty (0 bytes)");
  if (bytes.position < BLOCK) {
    return refuse(`it has ${bytes.position} bytes, too few for a tar archive: it is another file, or truncated`);
  }
  return block.length === BLOCK ? block : refuse(truncatedAt(bytes.position));
}

/** An archive ends with two empty blocks, and then with empty ones only: another one behind it would be overlooked. */
async function finish(bytes: ForwardBytes, { longName, longTarget, pax }: Extensions, refuse: Refuse): Promise<void> {
  if (longName ?? longTarget ?? pax) refuse(`it ends at byte ${bytes.position} before a file it announced`);
  for (let count = 0; count < LOOKED_AT; count++) {
    const at = bytes.position;
    const isHeader = isTarHeader(await bytes.read(BLOCK));
    if (isHeader) refuse(`another archive follows its end at byte ${at}. Join them by tar -A`);
  }
}

/** GNU tar keeps the holes of a sparse file that its header has no room for in blocks that follow. */
async function skipSparseMap(bytes: ForwardBytes, refuse: Refuse): Promise<void> {
  let block: Buffer;
  do block = await nextBlock(bytes, refuse);
  while (block[504] !== 0);
}

function extended(extensions: Extensions, type: string, data: Buffer, refuse: Refuse): Extensions {
  if (type === "K") {
    if (extensions.longTarget !== undefined) refuse("gives the same file a second long target");
    return { ...extensions, longTarget: untilNul(data) };
  }
  if (type === "L") {
    if (extensions.longName !== undefined) refuse("gives the same file a second long name");
    return { ...extensions, longName: untilNul(data) };
  }
  const pax = parsePax(data, refuse);
  if (type === "g") {
    const isAboutOne = pax.path !== undefined || pax.linkPath !== undefined || pax.bytes !== undefined || pax.sparse;
    if (isAboutOne) refuse("gives all files the same name or size");
    return extensions;
  }
  if (extensions.pax !== undefined) refuse("gives the same file a second set of pax records");
  return { ...extensions, pax };
}

const isLink = (type: string): boolean => type === "1" || type === "2";

const linkOf = (name: string, { type, target }: TarHeader, { longTarget, pax }: Extensions): ArchiveLink => ({
  name,
  target: foreignText(pax?.linkPath ?? longTarget ?? target),
  symbolic: type === "2",
});

/** A member's name and why it is not read; nothing for folders and volume labels. */
function named({ name, type }: TarHeader, { longName, pax }: Extensions): EntryName | undefined {
  const raw = pax?.path ?? longName ?? name;
  if ("5V".includes(type) || (type === "0" && raw.at(-1) === 0x2f)) return undefined;
  const found = checkedName(foreignText(raw));
  if (found.problem !== undefined) return found;
  if (pax?.path !== undefined && longName !== undefined) return { ...found, problem: "it has two names (pax, GNU)" };
  if (pax?.sparse) return { ...found, problem: otherTypes.S };
  if (type === "0" || type === "7" || isLink(type)) return found;
  return { ...found, problem: otherTypes[type] ?? `it is of the unknown type ${escaped(Buffer.from(type, "latin1"))}` };
}
