/**
 * @file Tar archives compressed by gzip. Nothing in them can be reached but by decompressing all that lies before it, so they
 * are listed in one pass and read in another, which gives the wanted files in the archive's order.
 */
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { UserError } from "../../errors.js";
import { type EntryError, EntryTooLarge, LARGEST_EXPANSION, type Refusal, type Refuse } from "./archive-entry.js";
import { type ByteSource, openBytes, pieces } from "./byte-source.js";
import { listed } from "./tar.js";
import { type ForwardBytes, type TarEntry, tarMembers } from "./tar-members.js";

/** A compressed tar archive that was listed. */
export interface TarGzArchive extends AsyncDisposable {
  /** Regular files in the archive's order, each name once. */
  readonly entries: readonly TarEntry[];
  /** Other members, and those that are not fit to be read. */
  readonly refused: readonly Refusal[];
  /**
   * The wanted files in the archive's order, decompressing up to the last of them.
   *
   * @param options.largest - bytes that one may have; a larger one is given as the error that says so
   * @throws UserError when the archive has been damaged since it was opened
   */
  files(
    wanted: ReadonlySet<string>,
    options: { largest: number },
  ): AsyncGenerator<{ name: string; content: Uint8Array | EntryError }>;
}

/**
 * Opens a `.tar.gz` archive and lists it, decompressing it once from beginning to end, which also checks gzip's checksum.
 *
 * @param source - path of a file, or its bytes (borrowed)
 * @param where - the archive's name, for messages
 * @throws UserError naming the byte of the tar archive where it is damaged or ends too early
 */
export async function openTarGz(
  source: string | Uint8Array,
  where = typeof source === "string" ? source : "bytes in memory",
): Promise<TarGzArchive> {
  const refuse: Refuse = (problem, code = "damaged") => {
    throw new UserError(code, `Expected a .tar.gz archive at ${where}, but ${problem}.`);
  };
  const file = await openBytes(source, refuse);
  try {
    if (file.size === 0) refuse("it is empty (0 bytes)");
    const { entries, refused } = await listing(file, refuse);
    return {
      entries,
      refused,
      files: async function* (wanted, { largest }) {
        await using bytes = gunzipped(file, refuse);
        const left = new Map<number, TarEntry[]>(); // by their data, which a file and the links to it have in common
        for (const entry of entries) {
          if (wanted.has(entry.name)) left.set(entry.start, [...(left.get(entry.start) ?? []), entry]);
        }
        if (left.size === 0) return;
        for await (const { start, bytes: size } of tarMembers(bytes, refuse)) {
          const here = left.get(start);
          if (here === undefined) continue;
          if (size !== here[0].bytes) refuse("it has changed since it was opened");
          const content = size > largest ? undefined : await bytes.read(size);
          if (content && content.length < size) refuse("it has become shorter since it was opened");
          for (const entry of here) {
            yield { name: entry.name, content: content ?? new EntryTooLarge(entry, where, largest) };
          }
          left.delete(start);
          if (left.size === 0) return;
        }
      },
      [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
    };
  } catch (error) {
    await file[Symbol.asyncDispose]();
    throw error;
  }
}

async function listing(file: ByteSource, refuse: Refuse) {
  await using bytes = gunzipped(file, refuse);
  const members = await listed(tarMembers(bytes, refuse));
  await bytes.skip(Number.POSITIVE_INFINITY); // gzip's checksum comes last
  return members;
}

type Decompressed = ForwardBytes & AsyncDisposable;

/** The decompressed bytes of a file from their beginning on. */
function gunzipped(file: ByteSource, refuse: Refuse): Decompressed {
  const gunzip = createGunzip({ chunkSize: 2 ** 18 });
  pipeline(Readable.from(pieces(file, 0, file.size)), gunzip, () => {}); // its error arrives below
  const chunks: AsyncIterator<Buffer> = gunzip[Symbol.asyncIterator]();
  let chunk: Buffer = Buffer.alloc(0); // what of the present one is not passed yet
  let position = 0;

  /** Up to `length` bytes of the present chunk; none at the end. */
  const take = async (length: number): Promise<Buffer> => {
    if (chunk.length === 0) {
      const next = await chunks
        .next()
        .catch((error: Error) =>
          refuse(
            `its compressed data are damaged or end too early, behind byte ${position} of the archive (${error.message})`,
          ),
        );
      if (next.done) return chunk;
      chunk = next.value;
    }
    const taken = chunk.subarray(0, length);
    chunk = chunk.subarray(taken.length);
    position += taken.length;
    return taken;
  };
  return {
    get position() {
      return position;
    },
    most: LARGEST_EXPANSION * file.size,
    read: async (length) => {
      const parts = [await take(length)];
      for (let left = length - parts[0].length; left > 0; ) {
        const part = await take(left);
        if (part.length === 0) break;
        left -= part.length;
        parts.push(part);
      }
      return parts.length === 1 ? parts[0] : Buffer.concat(parts);
    },
    skip: async (length) => {
      for (let left = length; left > 0; ) {
        const part = await take(left);
        if (part.length === 0) break;
        left -= part.length;
      }
    },
    [Symbol.asyncDispose]: async () => {
      await chunks.return?.();
    },
  };
}
