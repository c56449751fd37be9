/** @file Tar archives read in place: listed by going from header to header, members read wherever they lie. */
import { UserError } from "../../errors.js";
import { type Archive, EntryError, EntryTooLarge, type Refusal, type Refuse } from "./archive-entry.js";
import { type ArchiveLink, resolveLinks } from "./archive-links.js";
import { type ByteSource, openBytes } from "./byte-source.js";
import { type ForwardBytes, type TarEntry, type TarMember, tarMembers } from "./tar-members.js";

/** Bytes read with a header: small members' headers come several at a time, large members' data are not read. */
const READ_AHEAD = 2 ** 13;

export type TarArchive = Archive<TarEntry>;

/**
 * Opens a tar archive (V7, ustar, GNU or pax) and lists it.
 *
 * Links are read as the files of the archive that they lead to. Others, devices, sparse files, names that are no plain
 * relative paths and all but the first member of a name are listed in `refused`. Tar has no checksums of data: damage
 * there goes unnoticed.
 *
 * @param source - path of a file, or its bytes (borrowed)
 * @param where - the archive's name, for messages
 * @throws UserError naming the byte where it is damaged or ends too early
 */
export async function openTar(
  source: string | Uint8Array,
  where = typeof source === "string" ? source : "bytes in memory",
): Promise<TarArchive> {
  const refuse: Refuse = (problem, code = "damaged") => {
    throw new UserError(code, `Expected a tar archive at ${where}, but ${problem}.`);
  };
  const bytes = await openBytes(source, refuse);
  try {
    return {
      ...(await listed(tarMembers(forward(bytes), refuse))),
      read: async (entry, { largest }) => {
        if (entry.bytes > largest) throw new EntryTooLarge(entry, where, largest);
        const data = await bytes.read(entry.start, entry.bytes);
        if (data.length < entry.bytes) throw new EntryError(entry.name, where, "its archive has become shorter");
        return data;
      },
      [Symbol.asyncDispose]: () => bytes[Symbol.asyncDispose](),
    };
  } catch (error) {
    await bytes[Symbol.asyncDispose]();
    throw error;
  }
}

/** Members that are read, in the order of their data, and those that are skipped. */
export async function listed(members: AsyncIterable<TarMember>): Promise<{ entries: TarEntry[]; refused: Refusal[] }> {
  const entries: TarEntry[] = [];
  const refused: Refusal[] = [];
  const links: ArchiveLink[] = [];
  for await (const member of members) {
    if (member.problem !== undefined) refused.push({ file: member.name, reason: member.problem });
    else if (member.link !== undefined) links.push(member.link);
    else entries.push(member);
  }
  const linked = resolveLinks(entries, links);
  return {
    entries: [...entries, ...linked.entries].sort((a, b) => a.start - b.start),
    refused: [...refused, ...linked.refused],
  };
}

/** A file from its beginning on, read a little ahead. */
export function forward(file: ByteSource): ForwardBytes {
  let position = 0;
  let window: { start: number; bytes: Buffer } = { start: 0, bytes: Buffer.alloc(0) };
  return {
    get position() {
      return position;
    },
    most: file.size,
    read: async (length) => {
      if (position + length > window.start + window.bytes.length) {
        window = { start: position, bytes: await file.read(position, Math.max(length, READ_AHEAD)) };
      }
      const from = position - window.start;
      const bytes = window.bytes.subarray(from, from + length);
      position += bytes.length;
      return bytes;
    },
    skip: async (length) => {
      position = Math.min(position + length, file.size);
    },
  };
}
