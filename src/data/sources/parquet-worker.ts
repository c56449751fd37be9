/** @file The thread that reads Parquet files for `parquet-reader.ts`, within a limit of memory. */
import { UserError } from "../../errors.js";
import type { ByteSource } from "../../io/archives/byte-source.js";
import { openParquet, type ParquetFile } from "../../io/parquet/parquet-file.js";
import { serve } from "../../thread-service.js";
import { openPlace } from "../places.js";
import type { ImageBlock, ParquetRequest } from "./parquet-reader.js";

await serve<undefined, ParquetRequest>(() => {
  let current: { where: string; bytes: ByteSource; file: ParquetFile } | undefined;
  const fileOf = async ({ where, source }: ParquetRequest): Promise<ParquetFile> => {
    if (current?.where === where) return current.file;
    await current?.bytes[Symbol.asyncDispose]();
    current = undefined;
    const bytes = await openPlace(source, (problem, code = "damaged") => {
      throw new UserError(code, `Expected a Parquet file at ${where}, but ${problem}.`);
    });
    current = { where, bytes, file: await openParquet(bytes, where) };
    return current.file;
  };
  return {
    answer: async (request) => {
      const file = await fileOf(request);
      if (request.asks === "summary") return file.summary;
      const values = await file.read(request.column, request.group);
      if (request.asks === "values") return values.map(plain);
      const shapes = request.shape === undefined ? undefined : await file.read(request.shape, request.group);
      return blockOf(values, shapes);
    },
    transferred: (result) =>
      typeof result === "object" && result !== null && "ends" in result
        ? [(result as ImageBlock).bytes.buffer as ArrayBuffer]
        : [],
  };
});

/** A value that a label may be; undefined for others. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  return ["string", "number", "boolean"].includes(typeof value) ? value : undefined;
}

/** Images behind one another: files, or numbers with their shapes. */
function blockOf(values: unknown[], shapes: unknown[] | undefined): ImageBlock {
  const images = values.map((value, row) => imageOf(value, shapes?.[row]));
  const total = images.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const bytes = new Uint8Array(total);
  const ends = new Float64Array(images.length);
  let at = 0;
  for (const [row, image] of images.entries()) {
    bytes.set(image.bytes, at);
    at += image.bytes.length;
    ends[row] = at;
  }
  return { bytes, ends, images: images.map(({ shape, error }) => ({ shape, error })) };
}

const none = (error: string) => ({ bytes: new Uint8Array(0), error, shape: undefined });

function imageOf(value: unknown, shape: unknown): { bytes: Uint8Array; shape?: number[]; error?: string } {
  if (value === null || value === undefined) return none("the row has no image");
  if (value instanceof Uint8Array) return { bytes: value };
  if (Array.isArray(value)) {
    const found: number[] = [];
    for (let level: unknown = value; Array.isArray(level); level = level[0]) found.push(level.length);
    const flat = (value as unknown[]).flat(8) as (number | bigint)[];
    const given = Array.isArray(shape) ? shape.map(Number) : found;
    if (given.reduce((product, size) => product * size, 1) !== flat.length) {
      return none(`it has ${flat.length} numbers, and the shape [${given}]`);
    }
    const bytes = Uint8Array.from(flat, Number);
    const isBytes = flat.every((each) => Number(each) >= 0 && Number(each) <= 255 && Number.isInteger(Number(each)));
    return isBytes ? { bytes, shape: given } : none("its numbers are not all whole numbers from 0 to 255");
  }
  const { bytes, path } = value as { bytes?: unknown; path?: unknown };
  if (bytes instanceof Uint8Array) return { bytes };
  const name = typeof path === "string" ? `, only the path ${path.slice(0, 80)} of a file elsewhere` : "";
  return none(`the row has no bytes of an image${name}`);
}
