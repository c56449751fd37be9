/**
 * @file Rows that lie in a file as Parquet (https://parquet.apache.org/docs/file-format), by hyparquet-writer: a column a tensor, a
 * number or a list of numbers a row.
 */
import { ByteWriter, ParquetWriter, type SchemaElement } from "hyparquet-writer";
import { type RowTensor, rowBytes, type WrittenRows } from "../tensors/row-file.js";
import { type ElementType, elementCount, float32Elements, type Tensor, tensorFromBytes } from "../tensors/tensor.js";

/** Bytes of a row group's rows: their numbers are in memory as JavaScript has them, many times as large. */
const ROW_GROUP = 2 ** 23;

/** Parquet's types of the elements that rows have. */
const types: { readonly [type in ElementType]?: Omit<SchemaElement, "name"> } = {
  float32: { type: "FLOAT" },
  float16: { type: "FIXED_LEN_BYTE_ARRAY", type_length: 2, logical_type: { type: "FLOAT16" } },
  int32: { type: "INT32" },
};

/**
 * The file, row group after row group. Lists are flat, in row-major order; `shapes` in the file's metadata says what they are of,
 * as JSON.
 *
 * @throws Error for elements that are neither int32, float32 nor float16; the signal's reason when aborted
 */
export async function* parquetOfRows(
  { content, read }: WrittenRows,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const { tensors, rows, metadata } = content;
  const shapes = JSON.stringify(Object.fromEntries(tensors.map(({ name, shape }) => [name, shape])));
  const writer = new ByteWriter();
  const file = new ParquetWriter({
    writer,
    schema: [
      { name: "schema", num_children: tensors.length, repetition_type: "REQUIRED" },
      ...tensors.flatMap(columnSchema),
    ],
    codec: "UNCOMPRESSED", // numbers of noise do not get smaller
    statistics: false,
    kvMetadata: Object.entries({ ...metadata, shapes }).map(([key, value]) => ({ key, value })),
    createdBy: "strata",
  });
  const atOnce = Math.max(1, Math.floor(ROW_GROUP / tensors.reduce((sum, tensor) => sum + rowBytes(tensor), 0)));
  for (let first = 0; first < rows; first += atOnce) {
    signal?.throwIfAborted();
    const count = Math.min(atOnce, rows - first);
    const columnData = [];
    for (const [index, tensor] of tensors.entries()) {
      const { dtype, shape, name } = tensor;
      const values = tensorFromBytes(dtype, [count, ...shape], await read(index, first, count));
      columnData.push({ name, data: listed(values), encoding: "PLAIN" as const });
    }
    await file.write({ columnData, rowGroupSize: count });
    yield taken(writer);
  }
  await file.finish();
  yield taken(writer);
}

/** A number a row as it is; more as a list. */
function columnSchema({ name, dtype, shape }: RowTensor): SchemaElement[] {
  const type = types[dtype];
  if (type === undefined) throw new Error(`expected numbers that Parquet has a type for, got ${dtype}`);
  const required = { repetition_type: "REQUIRED" } as const;
  if (shape.length === 0) return [{ name, ...type, ...required }];
  return [
    { name, ...required, num_children: 1, converted_type: "LIST", logical_type: { type: "LIST" } },
    { name: "list", repetition_type: "REPEATED", num_children: 1 },
    { name: "element", ...type, ...required },
  ];
}

/** The values of a column. */
function listed(tensor: Tensor): number[] | number[][] {
  const [count, ...shape] = tensor.shape;
  const numbers = (float32Elements(tensor) ?? tensor.data) as Float32Array | Int32Array;
  if (shape.length === 0) return [...numbers];
  const width = elementCount(shape);
  return Array.from({ length: count }, (_, row) => Array.from(numbers.subarray(row * width, (row + 1) * width)));
}

/** What was written since the last call; the writer begins its memory anew. */
function taken(writer: ByteWriter): Uint8Array {
  const bytes = writer.getBytes().slice();
  writer.index = 0;
  return bytes;
}
