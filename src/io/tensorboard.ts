/**
 * @file TensorBoard's event files: records of TensorFlow's TFRecord format, each an `Event` of its protocol buffers
 * (`tensorflow/core/util/event.proto`, `tensorflow/core/framework/summary.proto`), of which a few fields are needed.
 */
import { appendFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { UserError } from "../errors.js";

const NAME = /^events\.out\.tfevents\.(\d{10})\./;

/**
 * Appends to a new event file in a folder that TensorBoard shows as one run. Every event is one write, and no file is ever
 * resumed: what a process that died left half-written is the end of its file, where TensorBoard stops reading and
 * continues with the next one.
 */
export class TensorBoardWriter {
  readonly #path: string;

  /**
   * @param folder - made if need be
   * @param firstStep - where this file begins: TensorBoard forgets what earlier files have from this step on, as those of a
   *   run that was set back do
   * @throws UserError when it cannot be written
   */
  constructor(folder: string, firstStep = 0) {
    this.#path = join(folder, newName(folder));
    const version = event(firstStep).tag(3, WireType.LengthDelimited).string("brain.Event:2");
    const start = new BinaryWriter().tag(1, WireType.Varint).int32(1); // SessionLog { status: START }
    const restart = event(firstStep).tag(7, WireType.LengthDelimited).bytes(start.finish());
    const records = Buffer.concat([record(version.finish()), record(restart.finish())]);
    writing(this.#path, () => writeFileSync(this.#path, records, { flag: "wx" }));
  }

  /**
   * Adds numbers by their tags, which TensorBoard groups by what stands before the first slash. Too large ones become infinite.
   *
   * @param atMs - when they were measured, milliseconds since 1970; default now
   */
  scalars(step: number, values: Record<string, number>, atMs?: number): void {
    const summaries = Object.entries(values).map(([tag, value]) =>
      tagged(tag).tag(2, WireType.Bit32).float(Math.fround(value)),
    );
    this.#add(step, summaries, atMs);
  }

  /**
   * Adds an image.
   *
   * @param png - a PNG file
   */
  image(step: number, tag: string, png: Uint8Array): void {
    const header = new DataView(png.buffer, png.byteOffset, png.byteLength); // width and height open the first chunk
    const image = new BinaryWriter()
      .tag(1, WireType.Varint)
      .int32(header.getUint32(20))
      .tag(2, WireType.Varint)
      .int32(header.getUint32(16))
      .tag(3, WireType.Varint)
      .int32(3) // RGB
      .tag(4, WireType.LengthDelimited)
      .bytes(png);
    this.#add(step, [tagged(tag).tag(4, WireType.LengthDelimited).bytes(image.finish())]);
  }

  /** Writes an event whose summary has these values. */
  #add(step: number, values: BinaryWriter[], atMs?: number): void {
    const summary = new BinaryWriter();
    for (const value of values) summary.tag(1, WireType.LengthDelimited).bytes(value.finish());
    const bytes = event(step, atMs).tag(5, WireType.LengthDelimited).bytes(summary.finish()).finish();
    writing(this.#path, () => appendFileSync(this.#path, record(bytes)));
  }
}

/** An `Event` with its time, in seconds, and its step. */
const event = (step: number, atMs = Date.now()): BinaryWriter =>
  new BinaryWriter()
    .tag(1, WireType.Bit64)
    .double(atMs / 1000)
    .tag(2, WireType.Varint)
    .int64(step);

/** A `Summary.Value` with its tag. */
const tagged = (tag: string): BinaryWriter => new BinaryWriter().tag(1, WireType.LengthDelimited).string(tag);

/** A name for a new file, later in order than those that are there, since TensorBoard reads files in the order of their names. */
function newName(folder: string): string {
  const names = writing(folder, () => {
    mkdirSync(folder, { recursive: true });
    return readdirSync(folder);
  });
  const latest = Math.max(0, ...names.map((name) => Number(NAME.exec(name)?.[1] ?? 0)));
  const seconds = Math.max(Math.floor(Date.now() / 1000), latest + 1);
  return `events.out.tfevents.${String(seconds).padStart(10, "0")}.${hostname().replace(/[^\w.-]/g, "_")}.${process.pid}`;
}

function writing<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new UserError("unwritable", `Expected to write ${path}, but that failed: ${(error as Error).message}.`);
  }
}

/** A TFRecord: the length as uint64, its checksum, the data, their checksum; little-endian. */
function record(data: Uint8Array): Buffer {
  const bytes = Buffer.alloc(data.length + 16);
  bytes.writeBigUInt64LE(BigInt(data.length));
  bytes.writeUInt32LE(maskedChecksum(bytes.subarray(0, 8)), 8);
  bytes.set(data, 12);
  bytes.writeUInt32LE(maskedChecksum(data), data.length + 12);
  return bytes;
}

/** TFRecord keeps checksums rotated and shifted, so that checksums of what contains checksums stay good ones. */
function maskedChecksum(bytes: Uint8Array): number {
  const checksum = crc32c(bytes);
  return (((checksum >>> 15) | (checksum << 17)) + 0xa282ead8) >>> 0;
}

/** CRC-32C by bytes: the remainder of each by Castagnoli's polynomial, bits reversed. */
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? 0x82f63b78 : 0);
  return remainder;
});

/** CRC-32C (Castagnoli), as in RFC 3720. */
export function crc32c(bytes: Uint8Array): number {
  let remainder = 0xffffffff;
  for (const byte of bytes) remainder = (remainder >>> 8) ^ table[(remainder ^ byte) & 255];
  return ~remainder >>> 0;
}
