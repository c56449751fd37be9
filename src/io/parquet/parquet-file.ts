/**
 * @file Parquet (https://parquet.apache.org/docs/file-format), a column of a row group at a time, by hyparquet. Hostile until parsed:
 * what a footer or the header of a page claims is compared with what there is, and with limits, before memory is taken for it.
 * What it still makes of thrift structures is held by the thread's own limit of memory (`parquet-worker.ts`).
 */
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import {
  type Compressors,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  type SchemaTree,
} from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";
import { parquetSchema } from "hyparquet/src/metadata.js";
import { decompressLz4, decompressLz4Raw, decompressSnappy, decompressZstd } from "hyparquet-compressors";
import { UserError } from "../../errors.js";
import { formatBytes } from "../../number-format.js";
import type { ByteSource } from "../archives/byte-source.js";

/** Bytes of the largest footer: that of ten thousand row groups of a few columns has five megabytes. */
const LARGEST_FOOTER = 2 ** 24;
/** Bytes of a column's part of a row group, as it is in the file and unpacked. */
const LARGEST_CHUNK = 2 ** 30;
/** Values of a column's part of a row group. */
const MOST_VALUES = 2 ** 26;
/** Elements of a schema: columns, and what they are made of. */
const MOST_ELEMENTS = 20_000;

/** A column at the top of a schema. */
export interface ParquetColumn {
  name: string;
  /**
   * `image`: a structure of `bytes` and perhaps `path`, as Hugging Face's; `bytes`: byte strings that are no text; `list`: lists
   * of whole numbers, perhaps nested; `value`: whole numbers, text or truth values; `other`: anything else.
   */
  kind: "image" | "bytes" | "list" | "value" | "other";
}

/** What a file's footer says. */
export interface ParquetSummary {
  /** Rows of every row group. */
  groups: number[];
  columns: ParquetColumn[];
  /** Key-value metadata that Hugging Face's `datasets` leaves: JSON, unread. */
  huggingFace?: string;
}

/** An open file. */
export interface ParquetFile {
  readonly summary: ParquetSummary;
  /** The values of a column in one row group, one for each row. */
  read(column: string, group: number): Promise<unknown[]>;
}

/**
 * @param source - borrowed, as long as the file is read
 * @param where - the file, for messages
 * @throws UserError saying what is wrong
 */
export async function openParquet(source: ByteSource, where: string): Promise<ParquetFile> {
  const refuse = (problem: string): never => {
    throw new UserError("damaged", `Expected a Parquet file in ${where}, but ${problem}.`);
  };
  const end = await source.read(Math.max(source.size - 8, 0), 8);
  if (source.size < 12 || end.toString("latin1", 4) !== "PAR1")
    refuse("it does not end as one: it is another file, or truncated");
  const footer = end.readUInt32LE(0);
  if (footer > source.size - 12) refuse(`its footer claims ${footer} bytes, more than the file has`);
  if (footer > LARGEST_FOOTER)
    refuse(`its footer has ${formatBytes(footer)}; at most ${formatBytes(LARGEST_FOOTER)} are read`);
  const bytes = await source.read(source.size - 8 - footer, footer + 8);
  const elements = schemaLength(bytes);
  if (elements > MOST_ELEMENTS) refuse(`its schema has ${elements} elements; at most ${MOST_ELEMENTS} are read`);
  const metadata = await explained(
    () => parquetMetadataAsync(bufferOf(bytes, source.size), { initialFetchSize: bytes.length }),
    refuse,
  );
  const tree = await explained(async () => parquetSchema(metadata), refuse);
  const groups = metadata.row_groups.map(({ num_rows }) => Number(num_rows));
  if (groups.some((rows) => !(rows >= 0 && rows <= MOST_VALUES)))
    refuse("its row groups claim numbers of rows that cannot be");
  const columns = tree.children.map(({ element, ...node }) => ({
    name: element.name,
    kind: kindOf({ element, ...node }),
  }));
  const huggingFace = metadata.key_value_metadata?.find(({ key }) => key === "huggingface")?.value;
  return {
    summary: { groups, columns, ...(huggingFace === undefined ? {} : { huggingFace }) },
    read: async (column, group) => {
      const start = groups.slice(0, group).reduce((sum, rows) => sum + rows, 0);
      const chunks = await chunksOf(metadata, source, column, group, groups[group], refuse);
      const rows = await explained(
        () =>
          parquetReadObjects({
            file: chunks,
            metadata,
            columns: [column],
            rowStart: start,
            rowEnd: start + groups[group],
            compressors,
            utf8: false,
            geoparquet: false,
          }),
        refuse,
      );
      if (rows.length !== groups[group])
        refuse(`row group ${group} has ${rows.length} values of ${column} where ${groups[group]} rows are claimed`);
      return rows.map((row) => row[column]);
    },
  };
}

/** How many elements a footer says that its schema has, before memory is taken for them: its second field, behind the version. */
function schemaLength(footer: Buffer): number {
  const varint = (at: number): { value: number; next: number } => {
    let [value, scale, next] = [0, 1, at];
    do {
      value += (footer[next] & 0x7f) * scale;
      scale *= 128;
    } while (footer[next++] >= 128 && next < at + 5);
    return { value, next };
  };
  if (footer[0] !== 0x15) return 0;
  const { next } = varint(1);
  if (footer[next] !== 0x19) return 0;
  const size = footer[next + 1] >> 4;
  return size < 15 ? size : varint(next + 2).value;
}

/** What a library throws, as an error of the file. */
async function explained<T>(work: () => Promise<T>, refuse: (problem: string) => never): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UserError) throw error;
    return refuse(`it cannot be read: ${(error as Error).message.split("\n")[0]}`);
  }
}

/** The last bytes of a file as hyparquet reads files. */
const bufferOf = (end: Buffer, size: number) => ({
  byteLength: size,
  slice: async (from: number, to = size) =>
    arrayBuffer(end.subarray(from - (size - end.length), to - (size - end.length))),
});

const arrayBuffer = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;

function kindOf({ element, children }: SchemaTree): ParquetColumn["kind"] {
  const has = (name: string) =>
    children.some((child) => child.element.name === name && child.element.type === "BYTE_ARRAY");
  if (children.length > 0) {
    if (has("bytes")) return "image";
    const leaf = leafOf(children);
    return leaf !== undefined && (leaf.type === "INT32" || leaf.type === "INT64") ? "list" : "other";
  }
  const isText =
    element.converted_type === "UTF8" || element.logical_type?.type === "STRING" || element.converted_type === "ENUM";
  if (element.type === "BYTE_ARRAY") return isText ? "value" : "bytes";
  return element.type === "INT32" || element.type === "INT64" || element.type === "BOOLEAN" ? "value" : "other";
}

/** The only leaf below nodes with one child each; undefined where they branch. */
function leafOf(children: SchemaTree[]): SchemaTree["element"] | undefined {
  if (children.length !== 1) return undefined;
  const [{ element, children: below }] = children;
  return below.length === 0 ? element : leafOf(below);
}

/** The bytes of a column's parts in a row group, after their pages have been seen to claim nothing that cannot be. */
async function chunksOf(
  { row_groups }: FileMetaData,
  source: ByteSource,
  column: string,
  group: number,
  rows: number,
  refuse: (problem: string) => never,
) {
  const parts: { from: number; bytes: Buffer }[] = [];
  let [total, values] = [0, 0];
  for (const { meta_data } of row_groups[group].columns) {
    if (meta_data?.path_in_schema[0] !== column) continue;
    const { dictionary_page_offset, data_page_offset, total_compressed_size } = meta_data;
    const from = Number(dictionary_page_offset || data_page_offset);
    const length = Number(total_compressed_size);
    if (!(from >= 0 && length >= 0 && from + length <= source.size))
      refuse(`row group ${group} claims bytes that the file does not have`);
    total += length;
    if (total > LARGEST_CHUNK) tooLarge(total);
    const bytes = await source.read(from, length);
    if (bytes.length < length) refuse("it has become shorter");
    let unpacked = 0;
    const reader = { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), offset: 0 };
    while (reader.offset < bytes.length - 1) {
      const header = await explained(async () => parquetHeader(reader), refuse);
      const { compressed_page_size: packed, uncompressed_page_size: size } = header;
      if (!(packed >= 0 && reader.offset + packed <= bytes.length && size >= 0))
        refuse(`a page of ${column} claims bytes that it does not have`);
      const { num_values = 0 } =
        header.data_page_header ?? header.data_page_header_v2 ?? header.dictionary_page_header ?? {};
      values += num_values;
      unpacked += size;
      if (num_values < 0 || values > MOST_VALUES)
        refuse(`row group ${group} of ${column} claims ${values} values; at most ${MOST_VALUES} are read`);
      if (unpacked > LARGEST_CHUNK) tooLarge(unpacked);
      reader.offset += packed;
    }
    parts.push({ from, bytes });
  }
  if (parts.length === 0) refuse(`row group ${group} of ${rows} rows has no ${column}`);
  return {
    byteLength: source.size,
    slice: async (from: number, to = source.size): Promise<ArrayBuffer> => {
      const part = parts.find((each) => from >= each.from && to <= each.from + each.bytes.length);
      return arrayBuffer(
        part ? part.bytes.subarray(from - part.from, to - part.from) : await source.read(from, to - from),
      );
    },
  };

  function tooLarge(size: number): never {
    return refuse(
      `row group ${group} has ${formatBytes(size)} of ${column}; at most ${formatBytes(LARGEST_CHUNK)} are read at a time. Write it with smaller row groups`,
    );
  }
}

/** Codecs, none of which makes more than the header of a page says, which has been checked. */
const compressors: Compressors = {
  GZIP: (input, length) => gunzipSync(input, { maxOutputLength: Math.max(length, 1) }),
  BROTLI: (input, length) => brotliDecompressSync(input, { maxOutputLength: Math.max(length, 1) }),
  ZSTD: (input, length) => decompressZstd(input, new Uint8Array(length)),
  SNAPPY: (input, length) => decompressSnappy(input, length),
  LZ4: decompressLz4,
  LZ4_RAW: decompressLz4Raw,
};
