/**
 * @file Safetensors (https://github.com/huggingface/safetensors): 8 bytes header length, a JSON header, then the elements.
 *
 * Written files depend on nothing but the tensors: sorted by name, packed without holes, the header padded with spaces to
 * a multiple of 8. Read files are hostile until parsed: whatever the reference refuses is refused.
 */
import { z } from "zod";
import { UserError } from "../errors.js";
import { bytesOf, type ElementType, elementBytes, type Tensor, tensorFromBytes } from "./tensor.js";

const codes: Record<ElementType, string> = {
  float32: "F32",
  float64: "F64",
  int32: "I32",
  int64: "I64",
  uint8: "U8",
  bool: "BOOL",
};
const types = new Map(Object.entries(codes).map(([type, code]) => [code, type as ElementType]));

/** The reference's limit on headers. */
const LARGEST_HEADER = 100_000_000;

const size = z.int().nonnegative();
const entrySchema = z.strictObject({ dtype: z.string(), shape: z.array(size), data_offsets: z.tuple([size, size]) });
const metadataSchema = z.record(z.string(), z.string());

export interface SafetensorsFile {
  tensors: Map<string, Tensor>;
  metadata: Record<string, string>;
}

/** The file for these tensors; the same tensors and metadata give the same bytes. */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Record<string, string> = {},
): Uint8Array {
  const sorted = [...tensors].sort(([a], [b]) => (a < b ? -1 : 1));
  const header: Record<string, unknown> = Object.keys(metadata).length > 0 ? { __metadata__: metadata } : {};
  let end = 0;
  for (const [name, { dtype, shape, data }] of sorted) {
    header[name] = { dtype: codes[dtype], shape, data_offsets: [end, end + data.byteLength] };
    end += data.byteLength;
  }
  const text = Buffer.from(JSON.stringify(header));
  const padded = Math.ceil(text.length / 8) * 8;
  const file = Buffer.alloc(8 + padded + end, " ");
  file.writeBigUInt64LE(BigInt(padded), 0);
  text.copy(file, 8);
  let position = 8 + padded;
  for (const [, tensor] of sorted) {
    file.set(bytesOf(tensor), position);
    position += tensor.data.byteLength;
  }
  return file;
}

/**
 * The tensors of a file.
 *
 * @param where - the file's name, for messages
 * @throws UserError saying what is wrong with the file
 */
export function readSafetensors(file: Uint8Array, where = "a safetensors file"): SafetensorsFile {
  const refuse = (problem: string): never => {
    throw new UserError(
      `Expected a whole safetensors file in ${where}, but ${problem}. The file may be cut off or damaged.`,
    );
  };
  if (file.length < 8) refuse(`it has ${file.length} bytes`);
  const length = new DataView(file.buffer, file.byteOffset).getBigUint64(0, true);
  if (length > LARGEST_HEADER || Number(length) > file.length - 8) refuse(`its header claims ${length} bytes`);
  const data = file.subarray(8 + Number(length));
  const header = parseHeader(file.subarray(8, 8 + Number(length)), refuse);

  const { __metadata__, ...entries } = header;
  const metadata = metadataSchema.safeParse(__metadata__ ?? {});
  if (!metadata.success) return refuse("its metadata is not a list of texts");
  const tensors = new Map<string, Tensor>();
  let end = 0;
  for (const [name, entry] of sortedByOffset(entries, refuse)) {
    const [from, to] = entry.data_offsets;
    const dtype = types.get(entry.dtype);
    if (dtype === undefined) {
      return refuse(
        `the tensor "${name}" has elements of type ${entry.dtype}; known are ${[...types.keys()].join(", ")}`,
      );
    }
    const bytes = entry.shape.reduce((product, extent) => product * extent, elementBytes(dtype));
    if (!Number.isSafeInteger(bytes)) refuse(`the tensor "${name}" is too large`);
    if (from !== end) refuse(`the tensor "${name}" begins at ${from}, where ${end} is next (an overlap or a hole)`);
    if (to - from !== bytes) refuse(`the tensor "${name}" has ${to - from} bytes, its shape needs ${bytes}`);
    if (to > data.length) refuse(`the tensor "${name}" ends at ${to}, the data at ${data.length}`);
    tensors.set(name, tensorFromBytes(dtype, entry.shape, data.subarray(from, to)));
    end = to;
  }
  if (end !== data.length) refuse(`${data.length - end} bytes follow the last tensor`);
  return { tensors, metadata: metadata.data };
}

type Entry = z.infer<typeof entrySchema>;
type Refuse = (problem: string) => never;

function parseHeader(bytes: Uint8Array, refuse: Refuse): Record<string, unknown> {
  let text = "";
  let header: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    header = JSON.parse(text);
  } catch {
    return refuse("its header is no JSON");
  }
  if (!text.startsWith("{") || typeof header !== "object" || header === null) return refuse("its header is no object");
  const seen = new Set<string>();
  for (const name of topLevelKeys(text)) {
    if (seen.has(name)) return refuse(`its header names ${name} twice`);
    seen.add(name);
  }
  return header as Record<string, unknown>;
}

/** Keys of the outermost object of valid JSON, repeated ones included: JSON.parse would keep the last alone. */
function topLevelKeys(text: string): string[] {
  const keys: string[] = [];
  let depth = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"(?:\s*:)?|[{}[\]]/g)) {
    if (token === "{" || token === "[") depth++;
    else if (token === "}" || token === "]") depth--;
    else if (depth === 1 && token.endsWith(":")) keys.push(token.slice(0, -1).trim());
  }
  return keys;
}

function sortedByOffset(entries: Record<string, unknown>, refuse: Refuse): [string, Entry][] {
  const parsed = Object.entries(entries).map(([name, entry]): [string, Entry] => {
    const result = entrySchema.safeParse(entry);
    return result.success ? [name, result.data] : refuse(`its entry "${name}" is malformed`);
  });
  return parsed.sort(([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1]);
}
