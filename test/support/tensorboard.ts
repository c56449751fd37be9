/** @file Reads TensorBoard's event files, knowing nothing of how they were written: framing, checksums and fields by hand. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One event, with the fields that were there. */
export interface ReadEvent {
  seconds: number;
  step: number;
  version?: string;
  /** Status of the session: 1 is START. */
  session?: number;
  scalars: Record<string, number>;
  images: Record<string, { height: number; width: number; png: Buffer }>;
}

/** Events of every file of a folder, files in the order of their names. */
export const readFolder = (folder: string): ReadEvent[][] =>
  readdirSync(folder)
    .sort()
    .map((name) => readEvents(readFileSync(join(folder, name))));

/** The events of a file; what is left at its end and no whole record is left out. Throws for a wrong checksum. */
export function readEvents(file: Buffer): ReadEvent[] {
  const events: ReadEvent[] = [];
  for (let at = 0; at + 12 <= file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    check(file.subarray(at, at + 8), file.readUInt32LE(at + 8));
    if (at + length + 16 > file.length) break;
    const data = file.subarray(at + 12, at + 12 + length);
    check(data, file.readUInt32LE(at + 12 + length));
    events.push(readEvent(data));
    at += length + 16;
  }
  return events;
}

/** CRC-32C bit by bit, by its definition: x³² + x²⁸ + x²⁷ + x²⁶ + x²⁵ + x²³ + …, lowest bit first. */
export function referenceChecksum(bytes: Uint8Array): number {
  const exponents = [28, 27, 26, 25, 23, 22, 20, 19, 18, 14, 13, 11, 10, 9, 8, 6, 0];
  const polynomial = exponents.reduce((bits, exponent) => bits + 2 ** (31 - exponent), 0);
  let remainder = 0xffffffffn;
  for (const byte of bytes) {
    remainder ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++)
      remainder = remainder & 1n ? (remainder >> 1n) ^ BigInt(polynomial) : remainder >> 1n;
  }
  return Number(remainder ^ 0xffffffffn);
}

function check(bytes: Uint8Array, masked: number): void {
  const rotated = (masked + 2 ** 32 - 0xa282ead8) % 2 ** 32; // by 15 bits to the right
  const checksum = ((rotated % 2 ** 17) * 2 ** 15 + Math.floor(rotated / 2 ** 17)) % 2 ** 32;
  const expected = referenceChecksum(bytes);
  if (checksum !== expected) throw new Error(`checksum ${checksum} of ${bytes.length} bytes, expected ${expected}`);
}

function readEvent(data: Buffer): ReadEvent {
  const event: ReadEvent = { seconds: 0, step: 0, scalars: {}, images: {} };
  for (const [field, value] of fields(data)) {
    if (field === 1) event.seconds = bytes(value).readDoubleLE();
    if (field === 2) event.step = Number(value);
    if (field === 3) event.version = bytes(value).toString();
    if (field === 7) event.session = Number(new Map(fields(bytes(value))).get(1));
    if (field !== 5) continue;
    for (const [, summary] of fields(bytes(value))) {
      const parts = new Map(fields(bytes(summary)));
      const tag = bytes(parts.get(1)).toString();
      if (parts.has(2)) event.scalars[tag] = bytes(parts.get(2)).readFloatLE();
      if (!parts.has(4)) continue;
      const image = new Map(fields(bytes(parts.get(4))));
      event.images[tag] = { height: Number(image.get(1)), width: Number(image.get(2)), png: bytes(image.get(4)) };
    }
  }
  return event;
}

type Field = bigint | Buffer | undefined;

function bytes(value: Field): Buffer {
  if (value instanceof Buffer) return value;
  throw new Error(`expected a field of bytes, got ${value}`);
}

/** Fields of a protocol buffer, in order: [number, value]. */
function fields(data: Buffer): [number, Field][] {
  const found: [number, Field][] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = data[at++];
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  const take = (count: number): Buffer => {
    at += count;
    return data.subarray(at - count, at);
  };
  while (at < data.length) {
    const key = Number(varint());
    const wire = key & 7;
    if (wire === 0) found.push([key >> 3, varint()]);
    else if (wire === 1) found.push([key >> 3, take(8)]);
    else if (wire === 5) found.push([key >> 3, take(4)]);
    else if (wire === 2) found.push([key >> 3, take(Number(varint()))]);
    else throw new Error(`wire type ${wire}`);
  }
  return found;
}
