/** @file Bytes at any place of a file or of memory, for formats that are read here and there. */
import { type FileHandle, open } from "node:fs/promises";

/** Bytes per piece of a stream. */
const PIECE = 2 ** 20;

/** Something of known size whose bytes can be read in any order. */
export interface ByteSource {
  /** Its size when it was opened, bytes. */
  readonly size: number;
  /** Bytes from a place on: as many as asked for, or fewer where they end. Borrowed where the source is memory. */
  read(position: number, length: number): Promise<Buffer>;
  close(): Promise<void>;
}

/**
 * A file by its path, or bytes in memory.
 *
 * @param refuse - throws, given what is wrong with the path: "there is nothing"
 */
export async function openBytes(source: string | Uint8Array, refuse: (problem: string) => never): Promise<ByteSource> {
  if (typeof source !== "string") {
    const bytes = Buffer.from(source.buffer, source.byteOffset, source.length);
    return {
      size: bytes.length,
      read: async (position, length) => bytes.subarray(position, position + length),
      close: async () => {},
    };
  }
  const file = await open(source, "r").catch((error: NodeJS.ErrnoException) =>
    refuse(error.code === "ENOENT" ? "there is nothing" : `it cannot be read: ${error.message}`),
  );
  const status = await file.stat();
  if (!status.isFile()) {
    await file.close();
    return refuse("it is no file");
  }
  return {
    size: status.size,
    read: (position, length) => readFully(file, position, length),
    close: () => file.close(),
  };
}

/** One system call may give fewer bytes than there are. */
export async function readFully(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length); // of its own, since results outlive the pool's turn
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(bytes, done, length - done, position + done);
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
