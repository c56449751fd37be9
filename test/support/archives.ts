/** @file Writers of small archives that can lie in every field, for readers that must not believe them. */
import { crc32, deflateRawSync } from "node:zlib";

/** One entry of a zip archive; everything but its name and content is a lie or an exception. */
export interface ZipSpec {
  name: string | Uint8Array;
  content?: Uint8Array | string;
  /** 8: deflated. */
  method?: number;
  /** The data in the archive, in place of the content as the method has it. */
  data?: Uint8Array;
  flags?: number;
  /** Extra field of the directory. */
  extra?: Uint8Array;
  /** Unix's mode. */
  mode?: number;
  /** What both headers say, in place of the truth. */
  claims?: { bytes?: number; compressedBytes?: number; crc?: number };
  /** What the local header alone says. */
  local?: {
    name?: string;
    bytes?: number;
    compressedBytes?: number;
    crc?: number;
    method?: number;
    signature?: number;
  };
  /** What the directory alone says of the place. */
  start?: number;
  /** Whether the directory has sizes and place in the extra field of zip64. */
  wide?: boolean;
}

/** What the end of a zip archive says in place of the truth. */
export interface ZipEnd {
  count?: number;
  size?: number;
  start?: number;
  disk?: number;
  comment?: Uint8Array;
  /** Whether a zip64 end and its locator come first; both may lie. */
  wide?: boolean | { at?: number; size?: number; signature?: number };
}

const bytesOf = (content: Uint8Array | string): Buffer => Buffer.from(content as Uint8Array);

/** Numbers in little-endian order, each as [bytes, value]. */
function fields(...values: [bytes: 2 | 4 | 8, value: number][]): Buffer {
  return Buffer.concat(
    values.map(([bytes, value]) => {
      const field = Buffer.alloc(8);
      field.writeBigUInt64LE(BigInt(value));
      return field.subarray(0, bytes);
    }),
  );
}

/** A zip archive of these entries. */
export function zipOf(specs: readonly ZipSpec[], end: ZipEnd = {}): Buffer {
  let place = 0;
  const locals: Buffer[] = [];
  const records: Buffer[] = [];
  for (const { name, content = "", method = 0, flags = 0, mode = 0, claims, local, wide, ...spec } of specs) {
    const plain = bytesOf(content);
    const data = spec.data ?? (method === 8 ? deflateRawSync(plain) : plain);
    const truth = { bytes: plain.length, compressedBytes: data.length, crc: crc32(plain), method, ...claims };
    const told = { signature: 0x04034b50, name, ...truth, ...local };
    const header = (values: typeof truth, length: number, extra: number): Buffer =>
      fields(
        ...([
          [2, 20],
          [2, flags],
          [2, values.method],
          [4, 0],
          [4, values.crc],
        ] as [2 | 4, number][]),
        ...([
          [4, values.compressedBytes],
          [4, values.bytes],
          [2, length],
          [2, extra],
        ] as [2 | 4, number][]),
      );
    const localName = bytesOf(told.name);
    const start = spec.start ?? place;
    locals.push(fields([4, told.signature]), header(told, localName.length, 0), localName, Buffer.from(data));
    place += 30 + localName.length + data.length;

    const full = 2 ** 32 - 1;
    const wideField = wide
      ? fields([2, 1], [2, 24], [8, truth.bytes], [8, truth.compressedBytes], [8, start])
      : Buffer.alloc(0);
    const extra = Buffer.concat([wideField, spec.extra ?? Buffer.alloc(0)]);
    const listed = wide ? { ...truth, bytes: full, compressedBytes: full } : truth;
    const rawName = bytesOf(name);
    records.push(
      fields([4, 0x02014b50], [2, (3 << 8) | 20]),
      header(listed, rawName.length, extra.length),
      fields([2, 0], [2, 0], [2, 0], [4, mode * 2 ** 16], [4, wide ? full : start]),
      rawName,
      extra,
    );
  }
  const directory = Buffer.concat(records);
  const { count = specs.length, size = directory.length, start = place, disk = 0, comment = Buffer.alloc(0) } = end;
  const wideEnd = end.wide
    ? wideEndOf({ count, size, start, at: place + directory.length }, end.wide === true ? {} : end.wide)
    : Buffer.alloc(0);
  const narrow = (value: number, most: number) => (end.wide ? most : value);
  return Buffer.concat([
    ...locals,
    directory,
    wideEnd,
    fields([4, 0x06054b50], [2, disk], [2, 0], [2, narrow(count, 0xffff)], [2, narrow(count, 0xffff)]),
    fields([4, narrow(size, 2 ** 32 - 1)], [4, narrow(start, 2 ** 32 - 1)], [2, comment.length]),
    comment,
  ]);
}

function wideEndOf(
  { count, size, start, at }: { count: number; size: number; start: number; at: number },
  lies: { at?: number; size?: number; signature?: number },
): Buffer {
  return Buffer.concat([
    fields([4, lies.signature ?? 0x06064b50], [8, lies.size ?? 44], [2, 45], [2, 45], [4, 0], [4, 0]),
    fields([8, count], [8, count], [8, size], [8, start]),
    fields([4, 0x07064b50], [4, 0], [8, lies.at ?? at], [4, 1]),
  ]);
}

/** One member of a tar archive. */
export interface TarSpec {
  name: string | Uint8Array;
  content?: Uint8Array | string;
  /** "0": a regular file. */
  type?: string;
  /** What the header says in place of the truth; a string stands there as it is. */
  size?: number | string;
  /** Of ustar. */
  prefix?: string;
  /** Where a link leads. */
  target?: string | Uint8Array;
  /** "ustar\0" of POSIX, "ustar " of GNU tar. */
  magic?: string;
  /** Added to the right checksum. */
  checksum?: number;
  /** Bytes at places of the header, before its checksum is taken. */
  patch?: Record<number, number>;
}

const block = (bytes: Uint8Array): Buffer => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 511)]);

/** A tar archive of these members, with the two empty blocks at its end. */
export const tarOf = (specs: readonly TarSpec[], { end = true } = {}): Buffer =>
  Buffer.concat([...specs.map(tarMember), Buffer.alloc(end ? 1024 : 0)]);

function tarMember({
  name,
  content = "",
  type = "0",
  prefix = "",
  target = "",
  magic = "ustar\x0000",
  ...lies
}: TarSpec): Buffer {
  const data = bytesOf(content);
  const header = Buffer.alloc(512);
  bytesOf(name).copy(header, 0, 0, 100);
  header.write("0000644\0", 100);
  const size = lies.size ?? data.length;
  if (typeof size === "string") header.write(size, 124, 12, "latin1");
  else if (size < 8 ** 11) header.write(`${size.toString(8).padStart(11, "0")}\0`, 124);
  else header.writeUInt8(0x80, header.writeBigUInt64BE(BigInt(size), 128) - 12); // in base 256
  header.write(type, 156, "latin1");
  bytesOf(target).copy(header, 157, 0, 100);
  header.write(magic, 257, "latin1");
  header.write(prefix, 345);
  for (const [at, byte] of Object.entries(lies.patch ?? {})) header[Number(at)] = byte;
  header.fill(" ", 148, 156);
  const sum = header.reduce((total, byte) => total + byte) + (lies.checksum ?? 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return Buffer.concat([header, block(data)]);
}

/** A pax header with these records for the next member. */
export const pax = (records: Record<string, string | Uint8Array>, type = "x"): TarSpec => ({
  name: "PaxHeaders/next",
  type,
  content: Buffer.concat(Object.entries(records).map(([key, value]) => paxRecord(key, bytesOf(value)))),
});

function paxRecord(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from("\n")]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}

/** GNU tar's long name for the next member, or, of type "K", where the next link leads. */
export const longName = (name: string | Uint8Array, type = "L"): TarSpec => ({
  name: "././@LongLink",
  type,
  magic: "ustar  \0",
  content: Buffer.concat([bytesOf(name), Buffer.alloc(1)]),
});
