/**
 * @file Large files as if they were memory: mapped by the system where it can be done, else read piece by piece. Either
 * way their bytes lie in the system's page cache, shared by all processes, and need no memory of this process.
 */
import { openSync, readSync, statSync } from "node:fs";
import { createRequire } from "node:module";

/** Bytes from one mapping's beginning to the next one's. JavaScript's buffers end at 4 GiB. */
const STEP = 2 ** 30;

/** Mappings overlap by this much, so that every stretch up to this long lies in one of them. */
export const LONGEST_STRETCH = 2 ** 24;

const PROT_READ = 1;
const MAP_SHARED = 1;
const MAP_FAILED = 2n ** 64n - 1n;

/** Gives `length` bytes from `from` on; they must not be changed. */
export type ByteReader = (from: number, length: number) => Uint8Array<ArrayBuffer>;

const readers = new Map<string, ByteReader>();

/**
 * A reader of a file that nobody changes. A file is opened once a thread, and stays open while the thread lives.
 *
 * @throws Error when the file cannot be opened
 */
export function mappedFile(path: string): ByteReader {
  const { ino, size, mtimeMs } = statSync(path);
  const identity = `${path} ${ino} ${size} ${mtimeMs}`; // another file may take its place
  let reader = readers.get(identity);
  if (reader === undefined) {
    const file = openSync(path, "r");
    reader = mapping(file, size) ?? positionalReader(file);
    readers.set(identity, reader);
  }
  return reader;
}

/** Reads stretches of a file as they are asked for. */
export function positionalReader(file: number): ByteReader {
  return (from, length) => {
    const bytes = new Uint8Array(length);
    const read = readSync(file, bytes, 0, length, from);
    if (read < length)
      throw new Error(`Expected ${length} bytes at ${from}, got ${read}: the file has become shorter.`);
    return bytes;
  };
}

type Map = (address: null, length: number, protection: number, flags: number, file: number, offset: number) => unknown;

interface Native {
  map: Map;
  address(pointer: unknown): bigint;
  view(pointer: unknown, length: number): ArrayBuffer;
}

/** Maps a file, in stretches; undefined where the system cannot. */
function mapping(file: number, size: number): ByteReader | undefined {
  const native = nativeMap();
  if (native === undefined) return undefined;
  const stretches: Uint8Array<ArrayBuffer>[] = [];
  for (let start = 0; start < size; start += STEP) {
    const length = Math.min(STEP + LONGEST_STRETCH, size - start);
    const address = native.map(null, length, PROT_READ, MAP_SHARED, file, start);
    if (native.address(address) === MAP_FAILED) return undefined;
    stretches.push(new Uint8Array(native.view(address, length)));
  }
  return (from, length) => {
    const index = Math.floor(from / STEP);
    const place = from - index * STEP;
    return stretches[index].subarray(place, place + length);
  };
}

/** The system's `mmap`; undefined on systems without, or without the package that calls it. */
function nativeMap(): Native | undefined {
  if (process.platform === "win32") return undefined;
  try {
    const koffi = createRequire(import.meta.url)("koffi") as typeof import("koffi");
    const map = koffi
      .load(null)
      .func("void *mmap(void *address, size_t length, int protection, int flags, int file, int64_t offset)") as Map;
    return { map, address: koffi.address, view: koffi.view };
  } catch {
    return undefined;
  }
}
