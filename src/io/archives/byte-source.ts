/** @file Bytes at any place of a file or of memory, for formats that are read here and there. */
import { type FileHandle, open, stat } from "node:fs/promises";
import type { Refuse } from "./archive-entry.js";

/** Bytes per piece of a stream. */
const PIECE = 2 ** 20;

/** Something of known size whose bytes can be read in any order. */
export interface ByteSource extends AsyncDisposable {
  /** Its size when it was opened, bytes. */
  readonly size: number;
  /** Bytes from a place on: as many as asked for, or fewer where they end. Borrowed where the source is memory. */
  read(position: number, length: number): Promise<Buffer>;
}

/**
 * A file by its path, or bytes in memory.
 *
 * @param refuse - throws, given what is wrong with the path: "there is nothing"
 */
export async function openBytes(source: string | Uint8Array, refuse: Refuse): Promise<ByteSource> {
  if (typeof source !== "string") {
    const bytes = Buffer.from(source.buffer, source.byteOffset, source.length);
    return {
      size: bytes.length,
      read: async (position, length) => bytes.subarray(position, position + length),
      [Symbol.asyncDispose]: async () => {},
    };
  }
  const unreadable = (error: NodeJS.ErrnoException) =>
    error.code === "ENOENT"
      ? refuse("there is nothing", "not-found")
      : refuse(`it cannot be read: ${error.message}`, "unreadable");
  const status = await stat(source).catch(unreadable);
  if (!status.isFile()) return refuse("it is no file", "unreadable"); // to open a pipe could take for ever
  const file = await open(source, "r").catch(unreadable);
  return {
    size: status.size,
    read: (position, length) => readFully(file, position, length),
    [Symbol.asyncDispose]: () => file.close(),
  };
}

/** Bytes that one system call is asked for; Node takes less than 2 GiB. */
const LARGEST_READ = 2 ** 30;

/** Bytes from a place of a file on, fewer where it ends; one system call may give fewer than there are. */
export async function readFully(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length); // of its own, since results outlive the pool's turn
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(bytes, done, Math.min(length - done, LARGEST_READ), position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}

/** `length` bytes from a place on in pieces of 1 MiB, the last ones missing where the source ends early. */
export async function* pieces(source: ByteSource, position: number, length: number): AsyncGenerator<Buffer> {
  for (let done = 0; done < length; ) {
    const piece = await source.read(position + done, Math.min(PIECE, length - done));
    if (piece.length === 0) return;
    done += piece.length;
    yield piece;
  }
}
