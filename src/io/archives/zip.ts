/**
 * @file Zip archives read in place (PKWARE's APPNOTE 6.3.10: stored or deflated, zip64), hostile until proven
 * otherwise: the directory must lie right before its end, no two entries may share bytes, and every claim about an
 * entry is checked when it is read. A program before the archive, as of one that extracts itself, and a little behind
 * its end are skipped.
 *
 * Our own reader, since a directory of a million entries has to be read at once: yauzl 3.4 takes 70 µs an entry.
 */

import { pipeline, Readable } from "node:stream";
import { constants, crc32, createInflateRaw, type InflateRaw, inflateRaw } from "node:zlib";
import { UserError } from "../../errors.js";
import {
  type Archive,
  type ArchiveEntry,
  EntryError,
  EntryTooLarge,
  LARGEST_EXPANSION,
  REPEATED,
  type Refusal,
  type Refuse,
} from "./archive-entry.js";
import { type ArchiveLink, resolveLinks } from "./archive-links.js";
import { type ByteSource, openBytes, pieces } from "./byte-source.js";
import { extraField, foreignText, zipName } from "./foreign-names.js";

/** More entries are refused: the largest sets of images have fourteen million. */
const MOST_ENTRIES = 20e6;

/** Bytes. A directory of twenty million entries fits. */
const LARGEST_DIRECTORY = 2 ** 31 - 1;

/** Bytes of the fixed part of each record, and the four that it begins with. */
const LOCAL = { bytes: 30, signature: 0x04034b50 };
const CENTRAL = { bytes: 46, signature: 0x02014b50 };
const END = { bytes: 22, signature: 0x06054b50 };
const END_64 = { bytes: 56, signature: 0x06064b50 };
const LOCATOR_64 = { bytes: 20, signature: 0x07064b50 };

/** The largest value of a field of 16 or 32 bits says that the true one stands in a zip64 record. */
const FULL_16 = 2 ** 16 - 1;
const FULL_32 = 2 ** 32 - 1;

/** Bytes that may follow an archive's end: a newline, the filling of a disk, what a server added. */
const MOST_BEHIND = 2 ** 20;

/** General purpose bits: encrypted, patch data, strongly encrypted, directory encrypted. */
const UNREADABLE = (1 << 0) | (1 << 5) | (1 << 6) | (1 << 13);
const SIZES_FOLLOW = 1 << 3;

/** A regular file of a zip archive. */
export interface ZipEntry extends ArchiveEntry {
  readonly compressedBytes: number;
  /** Where its local header begins, and where whatever lies behind it does. */
  readonly start: number;
  readonly end: number;
  readonly crc: number;
  /** Of the name as it is spelled. */
  readonly nameCrc: number;
  readonly deflated: boolean;
}

export interface ZipArchive extends Archive<ZipEntry> {
  /** The content of an entry piece by piece; what `read` checks is known at the end, where it throws as `read` does. */
  stream(entry: ZipEntry): AsyncIterable<Uint8Array>;
}

/** What the central directory says of one entry. */
interface Listed extends ZipEntry {
  end: number; // known when all are
  /** Whether its content is where it leads. */
  readonly isLink?: boolean;
  /** Why it is not read. */
  readonly problem?: string;
}

/** Not reported. */
const FOLDER = "it is a folder";

/**
 * Opens a zip archive and reads its directory.
 *
 * Encrypted entries, links, devices, unknown compressions, impossible sizes, names that are no plain relative paths and
 * all but the first entry of a name are listed in `refused`; the others are read. Names are read by `zipName`.
 *
 * @param source - path of a file, or its bytes (borrowed)
 * @param where - the archive's name, for messages
 * @throws UserError when it is no whole zip archive, its directory contradicts the file, or entries overlap as in a zip bomb
 */
export async function openZip(
  source: string | Uint8Array,
  where = typeof source === "string" ? source : "bytes in memory",
): Promise<ZipArchive> {
  const refuse: Refuse = (problem, code = "damaged") => {
    throw new UserError(code, `Expected a zip archive at ${where}, but ${problem}.`);
  };
  const bytes = await openBytes(source, refuse);
  try {
    const directory = await readDirectory(bytes, refuse);
    const listed = parseDirectory(directory, refuse);
    separate(listed, directory.start, refuse);
    const { read, stream } = reading(bytes, where);
    return {
      ...(await withLinks(chosen(listed), read)),
      read,
      stream,
      [Symbol.asyncDispose]: () => bytes[Symbol.asyncDispose](),
    };
  } catch (error) {
    await bytes[Symbol.asyncDispose]();
    throw error;
  }
}

/** Whether a file that does not begin as a zip archive ends as one. */
export async function endsAsZip(path: string): Promise<boolean> {
  await using file = await openBytes(path, (problem, code = "damaged") => {
    throw new UserError(code, `Expected to read ${path}, but ${problem}.`);
  });
  const { tail, start } = await tailOf(file);
  const at = endOf(tail, start);
  return at !== undefined && tail.readUInt16LE(at + 10) > 0;
}

/** The central directory, which must lie right before the records that end the archive. */
interface Directory {
  bytes: Buffer;
  /** Entries that it claims. */
  count: number;
  /** Where it begins in the file. */
  start: number;
  /** Bytes before the archive, which its own places do not count. */
  before: number;
}

async function readDirectory(file: ByteSource, refuse: Refuse): Promise<Directory> {
  if (file.size === 0) refuse("it is empty (0 bytes)");
  const { tail, start: tailStart } = await tailOf(file);
  const at = endOf(tail, tailStart);
  if (at === undefined) return refuse("its end is missing: it is truncated, or no zip archive. Get it again, whole");
  const narrow = {
    disks: tail.readUInt16LE(at + 4) + tail.readUInt16LE(at + 6),
    onDisk: tail.readUInt16LE(at + 8),
    count: tail.readUInt16LE(at + 10),
    size: tail.readUInt32LE(at + 12),
    claimed: tail.readUInt32LE(at + 16),
    end: tailStart + at,
  };
  const wide = await zip64(file, tail.subarray(Math.max(at - LOCATOR_64.bytes, 0), at), narrow.end, refuse);
  const { disks, onDisk, count, size, claimed, end } = wide ?? narrow;
  if (disks !== 0 || onDisk !== count) refuse("it is one part of several. Join them first");
  if (count > MOST_ENTRIES) refuse(`it claims ${count} entries; at most ${MOST_ENTRIES} are read`);
  if (size > LARGEST_DIRECTORY) refuse(`its directory claims ${size} bytes; at most ${LARGEST_DIRECTORY} are read`);
  if (count * CENTRAL.bytes > size) refuse(`its directory of ${size} bytes claims ${count} entries, more than fit`);
  const before = end - size - claimed;
  if (before < 0 || (before > 0 && (await beginsAsZip(file)))) {
    refuse(`its directory claims bytes ${claimed} to ${claimed + size}, but must end at ${end}: it is damaged`);
  }
  const bytes = await file.read(claimed + before, size);
  if (bytes.length < size) refuse("it ends early");
  return { bytes, count, start: claimed + before, before };
}

/** Where an archive begins the file, nothing lies before it: an end that says otherwise is that of another one. */
async function beginsAsZip(file: ByteSource): Promise<boolean> {
  const begin = await file.read(0, 4);
  return begin.length === 4 && begin.readUInt32LE(0) === LOCAL.signature;
}

/** The last bytes of a file, in which the end record lies, and where they begin. */
async function tailOf(file: ByteSource): Promise<{ tail: Buffer; start: number }> {
  const bytes = Math.min(file.size, LOCATOR_64.bytes + END.bytes + FULL_16 + MOST_BEHIND);
  return { tail: await file.read(file.size - bytes, bytes), start: file.size - bytes };
}

const END_MARK = Buffer.from("PK\x05\x06", "latin1");

/**
 * Where the end record begins: the last one whose comment reaches exactly to the end of the file; or else, where bytes
 * follow or a comment has another length than it says, the last one that a directory can lie before.
 *
 * @param start - of the tail in its file
 */
function endOf(tail: Buffer, start: number): number | undefined {
  const ends: number[] = [];
  for (let at = tail.lastIndexOf(END_MARK); at >= 0; at = at === 0 ? -1 : tail.lastIndexOf(END_MARK, at - 1)) {
    if (at + END.bytes <= tail.length) ends.push(at);
  }
  return (
    ends.find((at) => at + END.bytes + tail.readUInt16LE(at + 20) === tail.length) ??
    ends.find((at) => hasDirectory(tail, at, start))
  );
}

/**
 * Whether a directory seems to lie before an end record: one that begins as they do, as far as the tail shows it, or
 * an empty one.
 */
function hasDirectory(tail: Buffer, at: number, start: number): boolean {
  const locator = at - LOCATOR_64.bytes;
  if (locator >= 0 && tail.readUInt32LE(locator) === LOCATOR_64.signature) return true;
  const size = tail.readUInt32LE(at + 12);
  if (size === 0) return tail.readUInt16LE(at + 10) === 0;
  const begin = at - size;
  return begin >= 0 ? tail.readUInt32LE(begin) === CENTRAL.signature : begin + start >= 0;
}

/** The zip64 end record, where a locator stands right before the end record. */
async function zip64(file: ByteSource, locator: Buffer, end: number, refuse: Refuse) {
  if (locator.length < LOCATOR_64.bytes || locator.readUInt32LE(0) !== LOCATOR_64.signature) return undefined;
  const claimed = Number(locator.readBigUInt64LE(8));
  const locatorAt = end - LOCATOR_64.bytes;
  if (claimed + END_64.bytes > locatorAt)
    return refuse(`its zip64 end claims to be at byte ${claimed}, behind its locator`);
  const places = (await beginsAsZip(file)) ? [claimed] : [claimed, locatorAt - END_64.bytes]; // the second where a program lies before
  for (const at of places) {
    const record = await file.read(at, END_64.bytes);
    if (record.length < END_64.bytes || record.readUInt32LE(0) !== END_64.signature) continue;
    if (at + 12 + Number(record.readBigUInt64LE(4)) !== locatorAt) return refuse("its zip64 end has another length");
    return {
      disks: record.readUInt32LE(16) + record.readUInt32LE(20),
      onDisk: Number(record.readBigUInt64LE(24)),
      count: Number(record.readBigUInt64LE(32)),
      size: Number(record.readBigUInt64LE(40)),
      claimed: Number(record.readBigUInt64LE(48)),
      end: at,
    };
  }
  return refuse(`its zip64 end is not at byte ${claimed}, where its locator has it`);
}

/** All entries of a central directory, folders and unreadable ones too. */
function parseDirectory({ bytes: directory, count, before }: Directory, refuse: Refuse): Listed[] {
  const listed: Listed[] = [];
  let at = 0;
  for (let index = 0; index < count; index++) {
    const fits = at + CENTRAL.bytes <= directory.length;
    if (!fits || directory.readUInt32LE(at) !== CENTRAL.signature) {
      return refuse(`its directory is damaged at entry ${index + 1} of ${count}`);
    }
    const nameEnd = at + CENTRAL.bytes + directory.readUInt16LE(at + 28);
    const extraEnd = nameEnd + directory.readUInt16LE(at + 30);
    const next = extraEnd + directory.readUInt16LE(at + 32);
    if (next > directory.length) return refuse(`its directory is damaged at entry ${index + 1} of ${count}`);
    const name = directory.subarray(at + CENTRAL.bytes, nameEnd);
    const entry = parseEntry(directory.subarray(at, at + CENTRAL.bytes), name, directory.subarray(nameEnd, extraEnd));
    listed.push({ ...entry, start: entry.start + before });
    at = next;
  }
  if (at !== directory.length) return refuse(`its directory has ${directory.length - at} bytes behind its last entry`);
  return listed;
}

function parseEntry(record: Buffer, rawName: Buffer, extra: Buffer): Listed {
  const flags = record.readUInt16LE(8);
  const { name, problem, isFolder } = zipName(rawName, flags, extra);
  const [bytes, compressedBytes, start] = sizes(record, extra);
  const method = record.readUInt16LE(10);
  const place = { bytes, compressedBytes, start, end: 0 };
  const entry = { name, ...place, crc: record.readUInt32LE(16), nameCrc: crc32(rawName), deflated: method === 8 };
  const type = (record.readUInt32LE(38) >>> 28) & 0o17; // of Unix's mode, in the upper half of the attributes
  if (isFolder || type === 0o04) return { ...entry, problem: FOLDER };
  const isLink = type === 0o12;
  const reason =
    problem ??
    (type !== 0 && type !== 0o10 && !isLink ? "it is a device, no regular file" : undefined) ??
    ((flags & UNREADABLE) !== 0 ? "it is encrypted. Unpack the archive with its password" : undefined) ??
    (method !== 0 && method !== 8
      ? `it is compressed by ${methodName(method)}, which is not read. ${REPACK}`
      : undefined) ??
    impossible(entry);
  if (reason !== undefined) return { ...entry, problem: reason };
  return isLink ? { ...entry, isLink } : entry;
}

const REPACK = "Unpack the archive, or pack it again with Deflate";

/** Other compressions that writers of zip archives use. */
const methods: Record<number, string> = {
  ...{ 1: "Shrink", 6: "Implode", 9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "xz", 98: "PPMd" },
  ...{ 96: "a method for JPEG", 97: "WavPack", 20: "Zstandard" },
};

const methodName = (method: number): string => {
  const name = methods[method];
  return name === undefined ? `method ${method}` : `${name} (method ${method})`;
};

/** Sizes that no content can have. */
function impossible({ bytes, compressedBytes, deflated }: ZipEntry): string | undefined {
  const claim = `it claims ${bytes} bytes in ${compressedBytes}`;
  if (!deflated) return bytes === compressedBytes ? undefined : `${claim}, though it is not compressed`;
  if (bytes > LARGEST_EXPANSION * compressedBytes) return `${claim}, more than deflate can hold`;
  return compressedBytes > 2 * bytes + 1024 ? `${claim}, more than deflate needs` : undefined;
}

/** Size, compressed size and start of an entry: those that are full stand, in this order, in the extra field of zip64. */
function sizes(record: Buffer, extra: Buffer): number[] {
  const narrow = [record.readUInt32LE(24), record.readUInt32LE(20), record.readUInt32LE(42)];
  if (!narrow.includes(FULL_32)) return narrow;
  const field = extraField(extra, 1);
  let at = 0;
  return narrow.map((value) => {
    if (value !== FULL_32 || at + 8 > field.length) return value;
    at += 8;
    return Number(field.readBigUInt64LE(at - 8));
  });
}

/** Sorts entries by place and sets where each ends at the latest; bytes that belong to two of them are how zip bombs work. */
function separate(listed: Listed[], directoryStart: number, refuse: Refuse): void {
  listed.sort((a, b) => a.start - b.start);
  listed.forEach((entry, index) => {
    entry.end = listed[index + 1]?.start ?? directoryStart;
    const least = entry.start + LOCAL.bytes + entry.compressedBytes;
    if (least <= entry.end) return;
    const other = index + 1 < listed.length ? `entries ${entry.name} and ${listed[index + 1].name}` : undefined;
    refuse(
      other === undefined
        ? `its entry ${entry.name} claims bytes ${entry.start} to ${least}, which reach into its directory`
        : `its ${other} overlap, as in a zip bomb`,
    );
  });
}

interface Chosen {
  entries: ZipEntry[];
  links: ZipEntry[];
  refused: Refusal[];
}

/** Regular files and links, of each name the first, and what is skipped. */
function chosen(listed: readonly Listed[]): Chosen {
  const seen = new Set<string>();
  const entries: ZipEntry[] = [];
  const links: ZipEntry[] = [];
  const refused: Refusal[] = [];
  for (const entry of listed) {
    if (entry.problem !== undefined) {
      if (entry.problem !== FOLDER) refused.push({ file: entry.name, reason: entry.problem });
    } else if (seen.has(entry.name)) {
      refused.push({ file: entry.name, reason: REPEATED });
    } else {
      seen.add(entry.name);
      (entry.isLink ? links : entries).push(entry);
    }
  }
  return { entries, links, refused };
}

/** Bytes of the longest path that a link leads to. */
const LONGEST_TARGET = 4096;

/** Links as the files that they lead to, as far as they do. */
async function withLinks({ entries, links, refused }: Chosen, read: ZipArchive["read"]) {
  const found: ArchiveLink[] = [];
  for (const link of links) {
    try {
      const target = foreignText(await read(link, { largest: LONGEST_TARGET }));
      found.push({ name: link.name, target, symbolic: true });
    } catch (error) {
      if (!(error instanceof EntryError)) throw error;
      refused.push({ file: link.name, reason: `it is a symbolic link, and ${error.problem}` });
    }
  }
  const linked = resolveLinks(entries, found);
  return { entries: [...entries, ...linked.entries], refused: [...refused, ...linked.refused] };
}

/** Reading of entries from an archive that was opened. */
function reading(file: ByteSource, where: string): Pick<ZipArchive, "read" | "stream"> {
  const refusing =
    ({ name }: ZipEntry): Refuse =>
    (problem) => {
      throw new EntryError(name, where, problem);
    };
  const headerAndMore = (entry: ZipEntry, more: number) =>
    file.read(entry.start, Math.min(entry.end - entry.start, LOCAL.bytes + 2 * FULL_16 + more));
  return {
    read: async (entry, { largest }) => {
      const refuse = refusing(entry);
      if (entry.bytes > largest) throw new EntryTooLarge(entry, where, largest);
      const extent = await headerAndMore(entry, entry.compressedBytes);
      const start = dataStart(extent, entry, refuse);
      const data = extent.subarray(start, start + entry.compressedBytes);
      if (data.length < entry.compressedBytes) refuse("its archive has become shorter");
      const bytes = entry.deflated ? await inflated(data, entry.bytes, refuse) : data;
      checkContent(entry, bytes.length, crc32(bytes), refuse);
      return bytes;
    },
    stream: async function* (entry) {
      const refuse = refusing(entry);
      const start = entry.start + dataStart(await headerAndMore(entry, 0), entry, refuse);
      const data = pieces(file, start, entry.compressedBytes);
      let length = 0;
      let crc = 0;
      for await (const piece of entry.deflated ? inflatedPieces(data, entry.compressedBytes, refuse) : data) {
        length += piece.length;
        if (length > entry.bytes) break;
        crc = crc32(piece, crc);
        yield piece;
      }
      checkContent(entry, length, crc, refuse);
    },
  };
}

/** Where the data begin behind the local header, which must agree with the directory. */
function dataStart(extent: Buffer, entry: ZipEntry, refuse: Refuse): number {
  if (extent.length < LOCAL.bytes || extent.readUInt32LE(0) !== LOCAL.signature) {
    return refuse(`there is no entry at byte ${entry.start} of its archive`);
  }
  const nameEnd = LOCAL.bytes + extent.readUInt16LE(26);
  const start = nameEnd + extent.readUInt16LE(28);
  if (entry.start + start + entry.compressedBytes > entry.end) return refuse("it overlaps with what follows it");
  const nameCrc = crc32(extent.subarray(LOCAL.bytes, nameEnd));
  const deflated = extent.readUInt16LE(8) === 8;
  const flags = extent.readUInt16LE(6);
  const agrees = (at: number, value: number) =>
    (flags & SIZES_FOLLOW) !== 0 || [value, FULL_32].includes(extent.readUInt32LE(at));
  const same = nameCrc === entry.nameCrc && deflated === entry.deflated && (flags & UNREADABLE) === 0;
  if (!same || !agrees(14, entry.crc) || !agrees(18, entry.compressedBytes) || !agrees(22, entry.bytes)) {
    return refuse("its own header and the directory of its archive disagree");
  }
  return start;
}

function checkContent(entry: ZipEntry, length: number, crc: number, refuse: Refuse): void {
  if (length > entry.bytes) refuse(`it has more than the ${entry.bytes} bytes that it claims`);
  if (length < entry.bytes) refuse(`it has ${length} of the ${entry.bytes} bytes that it claims`);
  if (crc !== entry.crc) refuse("its checksum is wrong: it is damaged");
}

/** Inflates whole data to at most `most` bytes. */
async function inflated(data: Buffer, most: number, refuse: Refuse): Promise<Buffer> {
  const options = {
    maxOutputLength: Math.max(most, 1),
    chunkSize: Math.min(Math.max(most, constants.Z_MIN_CHUNK), 2 ** 20),
    info: true,
  };
  const { buffer, engine } = await new Promise<{ buffer: Buffer; engine: InflateRaw }>((resolve, reject) => {
    inflateRaw(data, options, (error, result) => {
      if (error) reject(error);
      else resolve(result as unknown as { buffer: Buffer; engine: InflateRaw }); // as `info` has it
    });
  }).catch((error: NodeJS.ErrnoException) =>
    refuse(error.code === "ERR_BUFFER_TOO_LARGE" ? `it has more than the ${most} bytes that it claims` : broken(error)),
  );
  if (engine.bytesWritten !== data.length) refuse(EARLY);
  return buffer;
}

async function* inflatedPieces(data: AsyncIterable<Buffer>, length: number, refuse: Refuse): AsyncGenerator<Buffer> {
  const inflate = createInflateRaw({ chunkSize: 2 ** 18 });
  pipeline(Readable.from(data), inflate, () => {}); // its error arrives below
  try {
    yield* inflate as AsyncIterable<Buffer>;
  } catch (error) {
    refuse(broken(error as Error));
  }
  if (inflate.bytesWritten !== length) refuse(EARLY);
}

const EARLY = "its compressed data end before they should: it is damaged";

const broken = (error: Error): string => `its compressed data are damaged (${error.message})`;
