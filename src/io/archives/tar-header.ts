/**
 * @file The blocks that tar archives are made of: headers of POSIX (ustar, pax) and GNU tar, and the records of pax
 * (https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html), as pure functions of their bytes.
 *
 * Our own parser, since listing an archive means to go from header to header without reading what is between: tar-stream 3.2
 * only streams.
 */
import type { Refuse } from "./archive-entry.js";

/** Headers take one block; data are filled up to whole ones. */
export const BLOCK = 512;

/** What a header says. */
export interface TarHeader {
  /** As its bytes stand there, the prefix of POSIX included. */
  name: Uint8Array;
  /** The size that it names; see `hasData`. */
  bytes: number;
  /** One character: "0" for a regular file. */
  type: string;
  /** Where a link leads. */
  target: Uint8Array;
  /** Whether more blocks of a GNU sparse map follow the header. */
  extended: boolean;
}

/** What a pax record set changes about the next file. */
export interface PaxRecords {
  path?: Uint8Array;
  linkPath?: Uint8Array;
  bytes?: number;
  sparse: boolean;
}

/** Whether data follow a header: not those of links, devices, folders, pipes and volume labels, whatever size they name. */
export const hasData = (type: string): boolean => !"123456V".includes(type);

export const isEmptyBlock = (block: Uint8Array): boolean => block.every((byte) => byte === 0);

/** Whether bytes begin with a tar header whose checksum is right. */
export const isTarHeader = (block: Buffer): boolean =>
  block.length >= BLOCK && octal(block.subarray(148, 156)) === checksum(block);

/**
 * Parses one header.
 *
 * @param refuse - throws, given what is wrong with it
 */
export function parseHeader(block: Buffer, refuse: Refuse): TarHeader {
  if (!isTarHeader(block)) return refuse("has a wrong checksum: it is damaged, or no tar archive");
  const bytes = number(block.subarray(124, 136));
  if (bytes === undefined) return refuse("names no valid size");
  const type = block[156] === 0 ? "0" : String.fromCharCode(block[156]);
  const isPosix = block.toString("latin1", 257, 263) === "ustar\0";
  const prefix = isPosix ? untilNul(block.subarray(345, 500)) : new Uint8Array();
  const name = untilNul(block.subarray(0, 100));
  return {
    name: prefix.length === 0 ? name : Buffer.concat([prefix, Buffer.from("/"), name]),
    bytes,
    type,
    target: untilNul(block.subarray(157, 257)),
    extended: type === "S" && block[482] !== 0,
  };
}

/** The name that a GNU long name entry holds. */
export const untilNul = (field: Uint8Array): Uint8Array => {
  const end = field.indexOf(0);
  return end === -1 ? field : field.subarray(0, end);
};

/**
 * Parses the records of a pax header: "LENGTH KEY=VALUE\n", each as long as it says, in UTF-8. Of a key that stands there
 * twice, the last holds.
 *
 * @param refuse - throws, given what is wrong with them
 */
export function parsePax(data: Buffer, refuse: Refuse): PaxRecords {
  const records: PaxRecords = { sparse: false };
  for (let at = 0; at < data.length; ) {
    const digits = /^[1-9]\d{0,6}(?= )/.exec(data.toString("latin1", at, at + 8))?.[0];
    if (digits === undefined) return refuse(`has no pax record at its byte ${at}`);
    const end = at + Number(digits);
    const equals = data.indexOf("=", at);
    if (data[end - 1] !== 0x0a || equals === -1 || equals >= end) {
      return refuse(`has a pax record that is not as long as it says, at its byte ${at}`);
    }
    const key = data.toString("latin1", at + digits.length + 1, equals);
    const value = data.subarray(equals + 1, end - 1);
    if (key === "path") records.path = value;
    if (key === "linkpath") records.linkPath = value;
    if (key === "size") records.bytes = decimal(value) ?? refuse("has a pax record of a size that is no number");
    if (key.startsWith("GNU.sparse.")) records.sparse = true;
    at = end;
  }
  return records;
}

function decimal(value: Buffer): number | undefined {
  const text = value.toString("latin1");
  return /^\d{1,16}$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined;
}

/** A number in octal digits, or, where the first bit is set, in base 256. */
function number(field: Buffer): number | undefined {
  if (field[0] < 0x80) return octal(field);
  const isSmall = field[0] === 0x80 && field.subarray(1, 4).every((byte) => byte === 0);
  const value = isSmall ? field.readBigUInt64BE(4) : -1n;
  return value >= 0n && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : undefined;
}

function octal(field: Buffer): number | undefined {
  const digits = /^ *([0-7]*)[ \0]*$/.exec(field.toString("latin1"))?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits || "0", 8);
}

/** The sum of a header's bytes, those of the checksum counted as spaces. */
function checksum(block: Buffer): number {
  let sum = 8 * 0x20;
  for (let at = 0; at < BLOCK; at++) if (at < 148 || at >= 156) sum += block[at];
  return sum;
}
